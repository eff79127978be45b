import { inspect } from 'node:util';
import { show } from './display.ts';
import { JUPYTER_DISPLAY, type MimeBundle } from './kernel-api.ts';
import { tablePage } from './table-page.ts';

/** Rows that the page gets, to sort them and to turn the pages. */
const IN_PAGE = 1000;

/** The part of an arquero table that is read here. */
export interface TableLike {
  numRows(): number;
  columnNames(): string[];
  get(name: string, row?: number): unknown;
}

export interface TableOptions {
  /** Rows of a page; 20 by default. */
  rows?: number;
  /** Significant digits of numbers that are not whole; 4 by default. */
  digits?: number;
}

/** Whether a value is an arquero table, of whichever copy of arquero. */
export function isTable(value: unknown): value is TableLike {
  if (typeof value !== 'object' || value === null) return false;
  const table = value as Record<string, unknown>;
  return ['numRows', 'columnNames', 'get', 'toHTML', 'objects'].every(
    (name) => typeof table[name] === 'function',
  );
}

/** Number to text: whole numbers in full, others to `digits` significant digits. */
function number(value: number, digits: number): string {
  if (Number.isInteger(value) || !Number.isFinite(value)) return String(value);
  return String(Number(value.toPrecision(digits)));
}

function cell(value: unknown, digits: number): string {
  if (typeof value === 'number') return number(value, digits);
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' ? value : inspect(value, { breakLength: Infinity });
}

/** The number that a cell is sorted by. */
function sortKey(value: unknown): number | null {
  return typeof value === 'number' && !Number.isNaN(value)
    ? Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, value))
    : null;
}

/** A table as HTML, sortable and with pages where scripts run, and its head as text. */
export function tableBundle(table: TableLike, { rows = 20, digits = 4 }: TableOptions = {}): MimeBundle {
  const names = table.columnNames();
  const total = table.numRows();
  const size = Math.max(1, rows);
  const values = Array.from({ length: Math.min(total, Math.max(size, IN_PAGE)) }, (_, row) =>
    names.map((name) => table.get(name, row)),
  );
  const numeric = names.map((_, i) => values.some((row) => typeof row[i] === 'number'));
  const texts = values.map((row) => row.map((value) => cell(value, digits)));
  const shown = Math.min(size, total);
  const count = `${total} ${total === 1 ? 'row' : 'rows'}, ${names.length} ${names.length === 1 ? 'column' : 'columns'}`;
  const footer = shown < total ? `first ${shown} of ${count}` : count;
  const numbers = numeric.map((is, i) => (is ? values.map((row) => sortKey(row[i])) : null));

  const body = texts.slice(0, size);
  const widths = names.map((name, i) => Math.max(name.length, ...body.map((row) => (row[i] ?? '').length)));
  const line = (row: string[]) =>
    row
      .map((text, i) => (numeric[i] ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return {
    'text/html': tablePage({ names, rows: texts, numbers, total }, size, footer),
    'text/plain': [line(names), ...body.map(line), footer].join('\n'),
  };
}

/** A table that can be shown, printed, or left as a cell's last expression. */
export class TableDisplay {
  readonly table: TableLike;
  readonly options: TableOptions;

  constructor(table: TableLike, options: TableOptions = {}) {
    this.table = table;
    this.options = options;
  }

  show(): this {
    show(this[JUPYTER_DISPLAY]());
    return this;
  }

  toString(): string {
    return String(this[JUPYTER_DISPLAY]()['text/plain']);
  }

  [inspect.custom](): string {
    return this.toString();
  }

  [JUPYTER_DISPLAY](): MimeBundle {
    return tableBundle(this.table, this.options);
  }
}
