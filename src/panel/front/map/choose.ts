import type { Cell } from './layout.ts';

/** Cells that a rectangle touches; corners in any order. */
export function inside(cells: readonly Cell[], x0: number, y0: number, x1: number, y1: number): number[] {
  const [left, right] = [Math.min(x0, x1), Math.max(x0, x1)];
  const [top, bottom] = [Math.min(y0, y1), Math.max(y0, y1)];
  return indices(cells, (c) => c.x < right && c.x + c.width > left && c.y < bottom && c.y + c.height > top);
}

/** All cells between two, by columns and rows. */
export function between(cells: readonly Cell[], from: number, to: number): number[] {
  const [a, b] = [cells[from], cells[to]];
  if (!a || !b) return [];
  const [left, right] = [Math.min(a.column, b.column), Math.max(a.column, b.column)];
  const spans = (cell: Cell) => cell.rows[1] > cell.rows[0];
  // What reaches over all rows says nothing about which rows are meant, unless both ends do.
  const ends = [a, b].filter((c) => !spans(c));
  const meant = ends.length > 0 ? ends : [a, b];
  const top = Math.min(...meant.map((c) => c.rows[0]));
  const bottom = Math.max(...meant.map((c) => c.rows[1]));
  return indices(
    cells,
    (c) => c.column >= left && c.column <= right && c.rows[0] <= bottom && c.rows[1] >= top,
  );
}

/** The cell next to one in a direction; itself at the border. */
export function neighbour(cells: readonly Cell[], at: number, dx: number, dy: number): number {
  const here = cells[at];
  if (!here) return 0;
  let best = at;
  let least = Infinity;
  cells.forEach((cell, i) => {
    const columns = (cell.column - here.column) * Math.sign(dx);
    const rows = (cell.rows[0] - here.rows[0]) * Math.sign(dy);
    if (dx !== 0 ? columns <= 0 : cell.column !== here.column || rows <= 0) return;
    const aside = Math.max(0, cell.rows[0] - here.rows[1], here.rows[0] - cell.rows[1]);
    const distance = dx !== 0 ? 1000 * columns + aside : rows;
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
}

function indices(cells: readonly Cell[], wanted: (cell: Cell) => boolean): number[] {
  return cells.flatMap((cell, i) => (wanted(cell) ? [i] : []));
}
