import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { FormatError } from '../../errors.ts';
import { dataFormat } from './rows.ts';

/** Data files by split; `all` holds rows of no named split. */
export type SplitFiles = Partial<Record<'train' | 'validation' | 'test' | 'all', string[]>>;

const named: [split: 'train' | 'validation' | 'test', pattern: RegExp][] = [
  ['train', /(^|[^a-z])train(ing)?([^a-z]|$)/i],
  ['validation', /(^|[^a-z])(dev|val|valid|validation)([^a-z]|$)/i],
  ['test', /(^|[^a-z])test([^a-z]|$)/i],
];

/** Folders in which a task's data is looked for when none is given: of HI_ZFO_DATA, `data`, and here, where `pull` puts it. */
export function dataFolders(name: string): string[] {
  const { HI_ZFO_DATA } = process.env;
  return [...(HI_ZFO_DATA ? [join(HI_ZFO_DATA, name)] : []), join('data', name), name];
}

/** The split that a path says: by the file's name, else by its folders'. */
function splitOf(path: string): 'train' | 'validation' | 'test' | undefined {
  const says = (text: string) => named.find(([, pattern]) => pattern.test(text))?.[0];
  return says(basename(path)) ?? says(path);
}

/** The files below a folder by the split that they are named for; a folder with one file is that file. */
async function filesOf(folder: string): Promise<SplitFiles> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && dataFormat(entry.name) !== undefined)
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const files: SplitFiles = {};
  for (const path of paths) {
    const split = splitOf(relative(folder, path));
    if (split) (files[split] ??= []).push(path);
  }
  if (Object.keys(files).length === 0 && paths.length === 1) files.all = paths;
  if (Object.keys(files).length === 0) {
    const names = paths.slice(0, 5).map((path) => relative(folder, path));
    const found = names.length ? `has ${names.join(', ')}` : 'has no data file';
    throw new FormatError(
      `${folder} ${found}. Name its files by split (train, validation, test), or give a file's path.`,
    );
  }
  return files;
}

/** The data files at a path: a file, or a folder of files. Undefined when there is nothing. */
export async function filesAt(path: string): Promise<SplitFiles | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return undefined;
  return found.isDirectory() ? filesOf(path) : { all: [path] };
}
