// SwiGLU, the residual sum and the bias.
import { add, load4, loadTail, mul, sigmoid4, splat, store4, storeTail, sub } from './simd';

@inline function silu(h: v128, u: v128): v128 { return mul(mul(h, sigmoid4(h)), u); }

export function swigluForward(gate: usize, up: usize, y: usize, n: i32): void {
  const full = <usize>(n & ~3) << 2, tail = n & 3;
  for (let j: usize = 0; j < full; j += 16) store4(y + j, silu(load4(gate + j), load4(up + j)));
  if (tail) storeTail(y + full, silu(loadTail(gate + full, tail), loadTail(up + full, tail)), tail);
}

@inline function dGate(h: v128, s: v128, u: v128, e: v128): v128 {
  return mul(mul(e, u), mul(s, add(splat(1.0), sub(h, mul(h, s)))));
}
export function swigluBackward(gate: usize, up: usize, dy: usize, dgate: usize, dup: usize, n: i32): void {
  const full = <usize>(n & ~3) << 2, tail = n & 3;
  for (let j: usize = 0; j < full; j += 16) {
    const h = load4(gate + j), s = sigmoid4(h), e = load4(dy + j);
    const u = load4(up + j);
    store4(dup + j, mul(e, mul(h, s)));
    store4(dgate + j, dGate(h, s, u, e));
  }
  if (tail) {
    const h = loadTail(gate + full, tail), s = sigmoid4(h), e = loadTail(dy + full, tail);
    const u = loadTail(up + full, tail);
    storeTail(dup + full, mul(e, mul(h, s)), tail);
    storeTail(dgate + full, dGate(h, s, u, e), tail);
  }
}

export function addVectors(a: usize, b: usize, y: usize, n: i32): void {
  const full = <usize>(n & ~3) << 2, tail = n & 3;
  for (let j: usize = 0; j < full; j += 16) store4(y + j, add(load4(a + j), load4(b + j)));
  if (tail) storeTail(y + full, add(loadTail(a + full, tail), loadTail(b + full, tail)), tail);
}
/** y [rows, d] += bias [d], in place. */
export function addBias(y: usize, bias: usize, rows: i32, d: i32): void {
  for (let r = 0; r < rows; r++) { addVectors(y, bias, y, d); y += <usize>d << 2; }
}
/** out [d] = sum of the rows of x [rows, d]. */
export function sumRows(x: usize, out: usize, rows: i32, d: i32): void {
  memory.fill(out, 0, <usize>d << 2);
  for (let r = 0; r < rows; r++) { addVectors(out, x, out, d); x += <usize>d << 2; }
}
