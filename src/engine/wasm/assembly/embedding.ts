// Rows of a table by int32 ids, and the gradient.
import { addVectors } from './activation';

/** Index of the first id outside 0..limit - 1, or -1. */
export function firstOutside(ids: usize, n: i32, limit: i32): i32 {
  for (let i = 0; i < n; i++) if (load<u32>(ids + (<usize>i << 2)) >= <u32>limit) return i;
  return -1;
}
export function gatherRows(table: usize, ids: usize, out: usize, n: i32, d: i32): void {
  const row = <usize>d << 2;
  for (let i = 0; i < n; i++) {
    memory.copy(out, table + <usize>load<i32>(ids + (<usize>i << 2)) * row, row);
    out += row;
  }
}
/** table[ids[i]] += rows[i], but for ids equal to `padding` (or outside the table); the table is not cleared. */
export function scatterRows(rows: usize, ids: usize, table: usize, n: i32, d: i32, size: i32, padding: i32): void {
  const row = <usize>d << 2;
  for (let i = 0; i < n; i++) {
    const id = load<i32>(ids + (<usize>i << 2));
    if (id != padding && <u32>id < <u32>size) addVectors(table + <usize>id * row, rows, table + <usize>id * row, d);
    rows += row;
  }
}
export function zero(p: usize, n: i32): void { memory.fill(p, 0, <usize>n << 2); }
