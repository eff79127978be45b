import { escapeHtml } from './html.ts';
import type { MimeBundle } from './kernel-api.ts';
import { matrixImage } from './matrix-image.ts';
import { brief, glance, glanceText } from './numbers.ts';

/** The part of a TensorFlow.js tensor that is read here. */
export interface TensorLike {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly size: number;
  readonly isDisposed: boolean;
  /** Values on the host, wherever the tensor lies. */
  data(): Promise<ArrayLike<number> | string[]>;
}

/** Values and rows of a preview at most. */
const HEAD = 8;
const LINES = 6;

/** Whether a value is a tensor, of whichever copy of TensorFlow.js; a variable is one too. */
export function isTensor(value: unknown): value is TensorLike {
  if (typeof value !== 'object' || value === null) return false;
  const { shape, dtype, dataId, data } = value as Record<string, unknown>;
  return (
    Array.isArray(shape) &&
    typeof dtype === 'string' &&
    typeof dataId === 'object' &&
    typeof data === 'function'
  );
}

const count = (n: number): string => `${n.toLocaleString('en')} ${n === 1 ? 'value' : 'values'}`;

/** What can be said without the values. */
export function tensorHead({ dtype, shape, size }: TensorLike): string {
  return `${dtype} [${shape.join(', ')}], ${count(size)}`;
}

function preview(values: ArrayLike<number> | string[], shape: readonly number[]): string[] {
  const columns = shape.at(-1) ?? 1;
  const rows = columns === 0 ? 0 : values.length / columns;
  const write = (x: number | string): string => (typeof x === 'number' ? brief(x) : JSON.stringify(x));
  const texts = Array.from({ length: Math.min(LINES, rows) }, (_, row) =>
    Array.from({ length: Math.min(HEAD, columns) }, (_, column) => write(values[row * columns + column]!)),
  );
  const width = Math.max(0, ...texts.flat().map((text) => text.length));
  const lines = texts.map(
    (row) => row.map((text) => text.padStart(width)).join('  ') + (columns > HEAD ? '  …' : ''),
  );
  return rows > LINES ? [...lines, '…'] : lines;
}

/** Rows and columns of a tensor that is a matrix once dimensions of size 1 are left out. */
function matrixOf(shape: readonly number[]): [number, number] | undefined {
  const [rows, columns, ...more] = shape.filter((n) => n !== 1);
  return rows !== undefined && columns !== undefined && more.length === 0 && rows * columns > 0
    ? [rows, columns]
    : undefined;
}

/**
 * Shape, type, range and the first values of a tensor; a matrix has a small picture too. Only this reaches the page,
 * however large the tensor is. A disposed tensor says that it is.
 */
export async function tensorBundle(tensor: TensorLike): Promise<MimeBundle> {
  const head = tensorHead(tensor);
  if (tensor.isDisposed) {
    const text = `${head}: disposed, its values are gone`;
    return { 'text/html': `<div>${escapeHtml(text)}</div>`, 'text/plain': text };
  }
  const values = await tensor.data();
  // A complex value is two numbers here, a string none.
  const numeric = tensor.dtype !== 'string' && tensor.dtype !== 'complex64' && values.length > 0;
  const numbers = values as ArrayLike<number>;
  const range = numeric && values.length > 1 ? glanceText(glance(numbers)) : '';
  const shape = tensor.dtype === 'complex64' ? [...tensor.shape, 2] : tensor.shape;
  const lines = preview(values, shape);
  const matrix = numeric ? matrixOf(tensor.shape) : undefined;
  return {
    'text/html': [
      `<div><b>${escapeHtml(head)}</b>`,
      range === '' ? '' : `<br>${escapeHtml(range)}`,
      matrix ? `<br>${picture(numbers, matrix)}` : '',
      `<pre>${escapeHtml(lines.join('\n'))}</pre></div>`,
    ].join(''),
    'text/plain': [head, ...(range === '' ? [] : [range]), ...lines].join('\n'),
  };
}

function picture(values: ArrayLike<number>, [rows, columns]: [number, number]): string {
  const { png, width, height, block, limit } = matrixImage(values, rows, columns);
  const averaged = block[0] * block[1] > 1 ? `, a cell the mean of ${block[0]} × ${block[1]} values` : '';
  const words = `blue -${brief(limit)} to orange ${brief(limit)}${averaged}`;
  return `<img width="${width}" height="${height}" alt="${words}" src="data:image/png;base64,${png.toString('base64')}"><br><small>${words}</small>`;
}
