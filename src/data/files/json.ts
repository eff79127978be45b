import { FormatError } from '../../errors.ts';
import type { Row } from './row.ts';

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

/** The rows of JSON lines, or of one JSON list. */
export function jsonRows(text: string, path: string): Row[] {
  text = text.replace(/^\uFEFF/, '');
  if (text.trimStart().startsWith('[')) {
    return (parse(text, path) as unknown[]).map((value, i) => asRow(value, `${path}, item ${i + 1}`));
  }
  return text.split(/\r?\n/).flatMap((line, i) => {
    const where = `${path}, line ${i + 1}`;
    return line.trim() === '' ? [] : [asRow(parse(line, where), where)];
  });
}
