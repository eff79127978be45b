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
  /** Names left of rows, which end at `x`. */
  rows: { x: number; y: number; label: string }[];
}

/** Least and most room for the names of rows. */
const LEFT = [78, 160] as const;
const TOP = 2;
const BOTTOM = 24;
const ROW = 28;
/** A number under a column, and what a letter of a name takes. */
const LABEL_WIDTH = 30;
const LETTER = 7.2;
/** Longest name under a column. */
const LONGEST = 18;
/** What stands alone is at least as wide as its name. */
const ALONE = 46;
/** Between them and the layers, so that the names under them stand apart. */
const APART = 8;
/** Share of a cell that a bias takes. */
const STRIP = 0.3;

/**
 * The tensors of a model as a map: a column for each layer from input to output, a row for each role in execution order; what
 * belongs to no layer stands in columns of its own, left or right of the layers. A bias is the lower strip of its weight's cell.
 */
export function layoutMap(tensors: readonly TensorCell[], width: number): MapLayout {
  const inside = tensors.filter((t) => t.layer !== null);
  const roles = [...new Set(inside.map((t) => t.role))];
  const layers = [...new Set(inside.map((t) => t.layer!))].sort((a, b) => a - b);
  const places = placesOf(tensors);
  const lonely = places.filter(({ layer }) => layer === null);
  const firstInside = tensors.findIndex((t) => t.layer !== null);
  const before = lonely.filter(({ list }) => list[0]! < firstInside);
  const after = lonely.filter(({ list }) => list[0]! > firstInside);

  const names = roles.map(roleWords);
  const longest = Math.max(0, ...names.map((name) => name.length));
  const left = Math.max(LEFT[0], Math.min(LEFT[1], width / 3, longest * LETTER + 16));
  const lone = Math.max(ALONE, Math.min(64, 0.05 * width));
  const [gapBefore, gapAfter] = [before.length > 0 ? APART : 0, after.length > 0 ? APART : 0];
  const room = Math.max(1, width - left - lonely.length * lone - gapBefore - gapAfter);
  const each = layers.length > 0 ? room / layers.length : 0;
  const rowCount = Math.max(1, roles.length);
  const height = rowCount * ROW;
  const gap = each > 14 ? 2 : 1;
  /** Most tensors in one place: so many rows to walk over. */
  const deep = Math.max(1, ...places.map(({ list }) => list.length));
  const start = left + before.length * lone + gapBefore;
  const end = start + layers.length * each + gapAfter;

  const cells = new Array<Cell>(tensors.length);
  const columns: MapLayout['columns'] = [];
  /** Puts the tensors of a place below each other into its box. */
  const put = ({ list }: Place, box: Box, rowsOf: (k: number) => [number, number]) => {
    let y = box.y;
    list.forEach((i, k) => {
      const all = shareOf(k, list.length) * box.height;
      const between = k < list.length - 1 ? 1 : 0;
      cells[i] = { ...box, y, height: all - between, rows: rowsOf(k) };
      y += all;
    });
  };
  const alone = (place: Place, x: number, column: number) => {
    const last = rowCount * deep - 1;
    const under = place.list.length - 1;
    const box = { x: x + 2, y: TOP, width: lone - 4, height: height - gap, column };
    put(place, box, (k) => (k === 0 ? [0, last - under] : [last - under + k, last - under + k]));
    columns.push({ x: x + lone / 2, label: shortRole(place.role) });
  };
  before.forEach((place, i) => alone(place, left + i * lone, i));
  for (const place of places) {
    if (place.layer === null) continue;
    const [at, row] = [layers.indexOf(place.layer), roles.indexOf(place.role)];
    const box = {
      x: start + at * each,
      y: TOP + row * ROW,
      width: Math.max(1, each - gap),
      height: ROW - gap,
      column: before.length + at,
    };
    put(place, box, (k) => [row * deep + k, row * deep + k]);
  }
  for (const { at, label } of layerNames(inside, layers, each))
    columns.push({ x: start + (at + 0.5) * each - gap / 2, label });
  after.forEach((place, i) => alone(place, end + i * lone, before.length + layers.length + i));
  return {
    width,
    height: TOP + height + BOTTOM,
    cells,
    columns,
    rows: names.map((name, i) => ({
      x: left - 8,
      y: TOP + (i + 0.5) * ROW,
      label: fitting(name, left - 14),
    })),
  };
}

type Box = Omit<Cell, 'rows'>;

/** Tensors of one layer and role, by index: as a rule a weight, and its bias after it. */
interface Place {
  layer: number | null;
  role: string;
  list: number[];
}

function placesOf(tensors: readonly TensorCell[]): Place[] {
  const places = new Map<string, Place>();
  tensors.forEach(({ layer, role }, i) => {
    const key = `${layer} ${role}`;
    const place = places.get(key);
    if (place) place.list.push(i);
    else places.set(key, { layer, role, list: [i] });
  });
  return [...places.values()];
}

/** Share of its place that the k-th of `n` tensors takes. */
function shareOf(k: number, n: number): number {
  if (n !== 2) return 1 / n;
  return k === 0 ? 1 - STRIP : STRIP;
}

/** Names or numbers of layers, as many as fit under columns of a width. */
function layerNames(inside: readonly TensorCell[], layers: readonly number[], each: number) {
  const names = layers.map((layer) => inside.find((t) => t.layer === layer)?.layerName ?? String(layer));
  const longest = Math.min(LONGEST, Math.max(0, ...names.map((name) => name.length)));
  const wanted = Math.max(LABEL_WIDTH, longest * LETTER + 8);
  const every = Math.max(1, Math.ceil(wanted / Math.max(1, each)));
  return names.flatMap((name, at) =>
    at % every === 0 ? [{ at, label: fitting(name, every * each - 6) }] : [],
  );
}

/** A name cut to a width, at its beginning: `block.0` and `block.1` differ at the end. */
function fitting(name: string, width: number): string {
  const most = Math.max(4, Math.floor(width / LETTER));
  return name.length > most ? `…${name.slice(1 - most)}` : name;
}

/** LoRA's matrices are called after their module, as in the figures. */
const roleWords = (role: string) =>
  role
    .replace(/-lora-([ab])$/, (_, matrix: string) => ` ${matrix.toUpperCase()}`)
    .replace('attention', 'attn')
    .replaceAll('-', ' ');

const shortRoles: Record<string, string> = {
  embedding: 'embed',
  position: 'pos',
  'embedding-norm': 'norm',
  'project-in': 'in',
  'project-out': 'out',
  'final-norm': 'norm',
};
const shortRole = (role: string) => shortRoles[role] ?? roleWords(role);
