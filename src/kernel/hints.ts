/** What TypeScript 5.0 says of `using`, a word that came with 5.2. */
const STRANGE_WORD = ['Unexpected keyword or identifier.', "Cannot find name 'using'."];

/**
 * A plain message where the compiler's own misleads.
 *
 * @param rest - the cell from the place of the error on
 */
export function plainDiagnosis(text: string, rest: string, version: string): string | undefined {
  return STRANGE_WORD.includes(text) && /^(await\s+)?using\s+[\w$]+\s*=/.test(rest)
    ? `using declarations need TypeScript 5.2, and cells are TypeScript ${version}: write const, and dispose in a finally block`
    : undefined;
}

const FOLDER = "cells are CommonJS without a file of their own: the notebook's folder is process.cwd()";

/** What to do about an error that comes from how cells are run; undefined for all others. */
export function remedy(error: Error): string | undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ERR_PACKAGE_PATH_NOT_EXPORTED')
    return "a package that has only an entry for import is loaded with: const name = await import('package')";
  if (error.name === 'SyntaxError' && error.message.includes('import.meta')) return FOLDER;
  if (error.name === 'ReferenceError' && /^__(dir|file)name /.test(error.message)) return FOLDER;
  return undefined;
}
