import { fromCSV } from 'arquero';
import { FormatError } from '../../errors.ts';
import type { Row } from './row.ts';

/** The rows of a text with a header and one delimiter; all values are text. */
export function csvRows(text: string, path: string, delimiter: string): Row[] {
  text = text.replace(/^\uFEFF/, '');
  if (text.trim() === '') return [];
  let rows: Record<string, unknown>[];
  try {
    rows = fromCSV(text, { delimiter, autoType: false }).objects() as Record<string, unknown>[];
  } catch (cause) {
    const kind = delimiter === '\t' ? 'TSV' : 'CSV';
    throw new FormatError(`${path} cannot be read as ${kind} (${(cause as Error).message}).`, { cause });
  }
  // arquero reads an empty cell as null; here it is an empty text
  const full = (row: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value ?? '']));
  return rows.map((row, i) => ({ where: `${path}, row ${i + 1}`, fields: full(row) }));
}
