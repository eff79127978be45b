import { FormatError } from '../../errors.ts';
import type { Row } from '../files/row.ts';

/** A piece of a filled template: fixed text, or the value of a field. */
export interface Piece {
  text: string;
  /** Name of the field as the template has it; undefined for fixed text. */
  field?: string;
}

/** The value at a dotted path, `answers.0` or `meta.title`; of several paths, `question|qText`, the first that is there. */
function lookUp(row: Row, paths: string): unknown {
  for (const path of paths.split('|')) {
    const found = path.split('.').reduce<unknown>((value, key) => {
      if (typeof value !== 'object' || value === null) return undefined;
      return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
    }, row.fields);
    if (found !== undefined && found !== null) return found;
  }
  return undefined;
}

/** A field as text; a list of texts (the sentences of an abstract) is joined by spaces. Undefined when there is no text. */
export function fieldText(row: Row, path: string): string | undefined {
  const value = lookUp(row, path);
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value) && value.length > 0 && value.every((v) => typeof v === 'string')) {
    return value.join(' ');
  }
  return undefined;
}

/** All texts of a field: of a list each item, of a text itself. Empty when there is none. */
export function fieldTexts(row: Row, path: string): string[] {
  const value = lookUp(row, path);
  const all: unknown[] = Array.isArray(value) ? value : [value];
  return all.filter((v): v is string => typeof v === 'string' && v !== '');
}

const token = /\{\{|\}\}|\{([^{}]*)\}|[^{}]+|[{}]/g;

/** Names of the fields of a template. */
export const fieldsOf = (template: string): string[] =>
  [...template.matchAll(token)].flatMap(([, field]) => (field === undefined ? [] : [field]));

/**
 * Fills `{field}` from a row; `{field.0}` is the first item of a list, `{one|other}` the first that is there, `{{` and `}}` are
 * braces. Throws FormatError, with the
 * row and the fields that it has, for a field that is missing or holds no text.
 */
export function fill(template: string, row: Row): Piece[] {
  const pieces: Piece[] = [];
  for (const [found, field] of template.matchAll(token)) {
    if (field === undefined) {
      pieces.push({ text: found === '{{' ? '{' : found === '}}' ? '}' : found });
      continue;
    }
    const text = fieldText(row, field);
    if (text === undefined) {
      const has = Object.keys(row.fields).join(', ') || '(none)';
      throw new FormatError(`${row.where} has no text in its field "${field}"; its fields are ${has}.`);
    }
    pieces.push({ text, field });
  }
  return pieces;
}

export const joined = (pieces: readonly Piece[]): string => pieces.map((p) => p.text).join('');
