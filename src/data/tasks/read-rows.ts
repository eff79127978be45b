import { readFile } from 'node:fs/promises';
import { FormatError } from '../../errors.ts';

/** One row of a data file and where it stands, for messages. */
export interface Row {
  where: string;
  fields: Record<string, unknown>;
}

function asRow(value: unknown, where: string): Row {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return { where, fields: value as Record<string, unknown> };
  }
  throw new FormatError(
    `${where} is no JSON object: ${JSON.stringify(value).slice(0, 60)}. Give one object per example.`,
  );
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FormatError(`${where} is not valid JSON (${(error as Error).message}): ${text.slice(0, 60)}`);
  }
}

/** The rows of a JSON-lines file or of a file that holds one JSON list. Throws FormatError, with the line, when it is neither. */
export async function readRows(path: string): Promise<Row[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new FormatError(
      missing ? `There is no data file ${path}.` : `Cannot read ${path}: ${(error as Error).message}`,
    );
  }
  text = text.replace(/^\uFEFF/, '');
  if (text.trimStart().startsWith('[')) {
    return (parse(text, path) as unknown[]).map((value, i) => asRow(value, `${path}, item ${i + 1}`));
  }
  return text.split(/\r?\n/).flatMap((line, i) => {
    const where = `${path}, line ${i + 1}`;
    return line.trim() === '' ? [] : [asRow(parse(line, where), where)];
  });
}
