import type { TensorCell } from '../../protocol.ts';

/** Where a tensor lies, in pixels, and its place by column and row. */
export interface Cell {
  x: number;
  y: number;
  width: number;
  height: number;
  column: number;
  /** First and last row; the embedding, the final norm and the head reach over all. */
  rows: [number, number];
}

export interface MapLayout {
  width: number;
  height: number;
  /** One a tensor, in their order. */
  cells: Cell[];
  /** Names under columns, as many as fit. */
  columns: { x: number; label: string }[];
  rows: { y: number; label: string }[];
}

const LEFT = 78;
const TOP = 2;
const BOTTOM = 24;
const ROW = 28;
const LABEL_WIDTH = 30;
/** What stands alone is at least as wide as its name. */
const ALONE = 46;
/** Between them and the layers, so that the names under them stand apart. */
const APART = 8;

/**
 * The tensors of a decoder as a map: a column for each layer from input to output, a row for each role in execution
 * order; what belongs to no layer stands in columns of its own, left or right of the layers.
 */
export function layoutMap(tensors: readonly TensorCell[], width: number): MapLayout {
  const inside = tensors.filter((t) => t.layer !== null);
  const roles = [...new Set(inside.map((t) => t.role))];
  const layers = [...new Set(inside.map((t) => t.layer!))].sort((a, b) => a - b);
  const firstInside = tensors.findIndex((t) => t.layer !== null);
  const outer = tensors.map((t, i) => ({ t, i })).filter(({ t }) => t.layer === null);
  const before = outer.filter(({ i }) => i < firstInside);
  const after = outer.filter(({ i }) => i > firstInside);
  const lone = Math.max(ALONE, Math.min(64, 0.05 * width));
  const [gapBefore, gapAfter] = [before.length > 0 ? APART : 0, after.length > 0 ? APART : 0];
  const room = Math.max(1, width - LEFT - outer.length * lone - gapBefore - gapAfter);
  const each = layers.length > 0 ? room / layers.length : 0;
  const rowCount = Math.max(1, roles.length);
  const height = rowCount * ROW;
  const gap = each > 14 ? 2 : 1;
  const cells = new Array<Cell>(tensors.length);
  const columns: MapLayout['columns'] = [];
  let column = 0;
  const alone = ({ t, i }: { t: TensorCell; i: number }, x: number) => {
    cells[i] = { x: x + 2, y: TOP, width: lone - 4, height: height - gap, column, rows: [0, rowCount - 1] };
    columns.push({ x: x + lone / 2, label: shortRole(t.role) });
    column++;
  };
  before.forEach((one, i) => alone(one, LEFT + i * lone));
  const start = LEFT + before.length * lone + gapBefore;
  const every = Math.max(1, Math.ceil(LABEL_WIDTH / Math.max(1, each)));
  tensors.forEach((t, i) => {
    if (t.layer === null) return;
    const at = layers.indexOf(t.layer);
    const row = roles.indexOf(t.role);
    cells[i] = {
      x: start + at * each,
      y: TOP + row * ROW,
      width: Math.max(1, each - gap),
      height: ROW - gap,
      column: column + at,
      rows: [row, row],
    };
  });
  layers.forEach((layer, at) => {
    if (at % every === 0) columns.push({ x: start + (at + 0.5) * each - gap / 2, label: String(layer) });
  });
  column += layers.length;
  after.forEach((one, i) => alone(one, start + layers.length * each + gapAfter + i * lone));
  return {
    width,
    height: TOP + height + BOTTOM,
    cells,
    columns,
    rows: roles.map((role, i) => ({ y: TOP + (i + 0.5) * ROW, label: roleWords(role) })),
  };
}

const roleWords = (role: string) => role.replace('attention', 'attn').replaceAll('-', ' ');
const shortRole = (role: string) =>
  role === 'final-norm' ? 'norm' : role === 'embedding' ? 'embed' : roleWords(role);
