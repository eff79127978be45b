// Norms of rows [rows, d]. `stat` holds for the gradient (0: not wanted) 1 / rms of each row, or its mean and 1 / deviation.
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

export function layerForward(
  x: usize, g: usize, b: usize, y: usize, stat: usize, rows: i32, d: i32, eps: f32,
): void {
  const full = <usize>(d & ~3) << 2, row = <usize>d << 2, tail = d & 3;
  // Lanes of the tail that exist: the others would each count as -mean.
  const mask = i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(tail));
  for (let r = 0; r < rows; r++) {
    let total = splat(0), squares = splat(0);
    for (let j: usize = 0; j < full; j += 16) total = add(total, load4(x + j));
    if (tail) total = add(total, loadTail(x + full, tail));
    const mean: f32 = sumLanes(total) / <f32>d, vm = splat(mean);
    for (let j: usize = 0; j < full; j += 16) { const c = sub(load4(x + j), vm); squares = fma(c, c, squares); }
    if (tail) { const c = v128.and(sub(loadTail(x + full, tail), vm), mask); squares = fma(c, c, squares); }
    const s: f32 = 1.0 / sqrt<f32>(sumLanes(squares) / <f32>d + eps), vs = splat(s);
    for (let j: usize = 0; j < full; j += 16)
      store4(y + j, add(mul(mul(sub(load4(x + j), vm), vs), load4(g + j)), load4(b + j)));
    if (tail) {
      const c = mul(sub(loadTail(x + full, tail), vm), vs);
      storeTail(y + full, add(mul(c, loadTail(g + full, tail)), loadTail(b + full, tail)), tail);
    }
    if (stat) { store<f32>(stat, mean); store<f32>(stat, s, 4); stat += 8; }
    x += row; y += row;
  }
}

/** The gradient of the bias is the sum of dy's rows (sumRows). */
export function layerBackward(
  x: usize, g: usize, stat: usize, dy: usize, dx: usize, dg: usize, rows: i32, d: i32,
): void {
  const full = <usize>(d & ~3) << 2, row = <usize>d << 2, tail = d & 3;
  memory.fill(dg, 0, row);
  for (let r = 0; r < rows; r++) {
    const vm = splat(load<f32>(stat)), vs = splat(load<f32>(stat, 4)); stat += 8;
    let s = splat(0), t = splat(0);
    for (let j: usize = 0; j < full; j += 16) {
      const e = load4(dy + j), h = mul(sub(load4(x + j), vm), vs), q = mul(e, load4(g + j));
      s = add(s, q); t = fma(q, h, t);
      store4(dg + j, add(load4(dg + j), mul(e, h)));
    }
    if (tail) {
      const e = loadTail(dy + full, tail), h = mul(sub(loadTail(x + full, tail), vm), vs);
      const q = mul(e, loadTail(g + full, tail)); // 0 in the lanes that do not exist
      s = add(s, q); t = fma(q, h, t);
      storeTail(dg + full, add(loadTail(dg + full, tail), mul(e, h)), tail);
    }
    const ms = splat(sumLanes(s) / <f32>d), mt = splat(sumLanes(t) / <f32>d);
    for (let j: usize = 0; j < full; j += 16) {
      const h = mul(sub(load4(x + j), vm), vs), q = mul(load4(dy + j), load4(g + j));
      store4(dx + j, mul(vs, sub(sub(q, ms), mul(h, mt))));
    }
    if (tail) {
      const h = mul(sub(loadTail(x + full, tail), vm), vs), q = mul(loadTail(dy + full, tail), loadTail(g + full, tail));
      storeTail(dx + full, mul(vs, sub(sub(q, ms), mul(h, mt))), tail);
    }
    x += row; dy += row; dx += row;
  }
}
