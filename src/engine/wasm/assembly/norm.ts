// RMS norm of rows [rows, d]; `stat` holds 1 / rms of each row for the gradient (0: not wanted).
import { add, fma, load4, loadTail, mul, splat, store4, storeTail, sub, sumLanes } from './simd';

export function rmsForward(x: usize, g: usize, y: usize, stat: usize, rows: i32, d: i32, eps: f32): void {
  const full = <usize>(d & ~3) << 2, row = <usize>d << 2, tail = d & 3;
  for (let r = 0; r < rows; r++) {
    let squares = splat(0);
    for (let j: usize = 0; j < full; j += 16) { const c = load4(x + j); squares = fma(c, c, squares); }
    if (tail) { const c = loadTail(x + full, tail); squares = fma(c, c, squares); }
    const s: f32 = 1.0 / sqrt<f32>(sumLanes(squares) / <f32>d + eps), vs = splat(s);
    for (let j: usize = 0; j < full; j += 16) store4(y + j, mul(mul(load4(x + j), vs), load4(g + j)));
    if (tail) storeTail(y + full, mul(mul(loadTail(x + full, tail), vs), loadTail(g + full, tail)), tail);
    if (stat) { store<f32>(stat, s); stat += 4; }
    x += row; y += row;
  }
}

export function rmsBackward(
  x: usize, g: usize, stat: usize, dy: usize, dx: usize, dg: usize, rows: i32, d: i32,
): void {
  const full = <usize>(d & ~3) << 2, row = <usize>d << 2, tail = d & 3;
  memory.fill(dg, 0, row);
  for (let r = 0; r < rows; r++) {
    const vs = splat(load<f32>(stat)); stat += 4;
    let s = splat(0);
    for (let j: usize = 0; j < full; j += 16) {
      const eh = mul(load4(dy + j), mul(load4(x + j), vs));
      s = fma(eh, load4(g + j), s);
      store4(dg + j, add(load4(dg + j), eh));
    }
    if (tail) {
      const eh = mul(loadTail(dy + full, tail), mul(loadTail(x + full, tail), vs));
      s = fma(eh, loadTail(g + full, tail), s);
      storeTail(dg + full, add(loadTail(dg + full, tail), eh), tail);
    }
    const m = splat(sumLanes(s) / <f32>d);
    for (let j: usize = 0; j < full; j += 16)
      store4(dx + j, mul(vs, sub(mul(load4(dy + j), load4(g + j)), mul(mul(load4(x + j), vs), m))));
    if (tail) {
      const q = mul(loadTail(dy + full, tail), loadTail(g + full, tail));
      storeTail(dx + full, mul(vs, sub(q, mul(mul(loadTail(x + full, tail), vs), m))), tail);
    }
    x += row; dy += row; dx += row;
  }
}
