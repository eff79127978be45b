import { inspect } from 'node:util';
import { show } from './display.ts';
import { escapeHtml } from './html.ts';
import { JUPYTER_DISPLAY, type MimeBundle } from './kernel-api.ts';

/** The part of an arquero table that is read here. */
export interface TableLike {
  numRows(): number;
  columnNames(): string[];
  get(name: string, row?: number): unknown;
}

export interface TableOptions {
  /** Rows shown at most; 20 by default. */
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

/** The head of a table as HTML and as text. */
export function tableBundle(table: TableLike, { rows = 20, digits = 4 }: TableOptions = {}): MimeBundle {
  const names = table.columnNames();
  const shown = Math.min(rows, table.numRows());
  const values = Array.from({ length: shown }, (_, row) => names.map((name) => table.get(name, row)));
  const numeric = names.map((_, i) => values.some((row) => typeof row[i] === 'number'));
  const body = values.map((row) => row.map((value) => cell(value, digits)));
  const size = `${table.numRows()} rows, ${names.length} columns`;
  const footer = shown < table.numRows() ? `first ${shown} of ${size}` : size;

  const align = (i: number) => ` style="text-align:${numeric[i] ? 'right' : 'left'}"`;
  const html = (tag: string, row: string[]) =>
    `<tr>${row.map((text, i) => `<${tag}${align(i)}>${escapeHtml(text)}</${tag}>`).join('')}</tr>`;
  const head = `<thead>${html('th', names)}</thead>`;
  const rest = `<tbody>${body.map((row) => html('td', row)).join('')}</tbody>`;

  const widths = names.map((name, i) => Math.max(name.length, ...body.map((row) => (row[i] ?? '').length)));
  const line = (row: string[]) =>
    row
      .map((text, i) => (numeric[i] ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return {
    'text/html': `<table>${head}${rest}</table><small>${footer}</small>`,
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
