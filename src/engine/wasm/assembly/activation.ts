// Activations, alone or gating a second value, the residual sum, the bias and pieces of columns.
import { add, erf4, exp4, load4, loadTail, mul, sigmoid4, splat, store4, storeTail, sub } from './simd';

// The order of `Activation` in src/engine/wasm/ops/activation.ts.
const SILU: i32 = 0, GELU: i32 = 1, GELU_TANH: i32 = 2;

/** 2u of gelu-tanh, where 1 + tanh(u) = 2 sigmoid(2u). */
@inline function twice(x: v128): v128 {
  return mul(mul(x, splat(1.5957691216057308)), add(splat(1.0), mul(splat(0.044715), mul(x, x))));
}
@inline function half1erf(x: v128): v128 {
  return mul(splat(0.5), add(splat(1.0), erf4(mul(x, splat(0.70710678118654752)))));
}
@inline function value(kind: i32, x: v128): v128 {
  if (kind == SILU) return mul(x, sigmoid4(x));
  if (kind == GELU) return mul(x, half1erf(x));
  if (kind == GELU_TANH) return mul(x, sigmoid4(twice(x)));
  return f32x4.max(x, splat(0));
}
@inline function slope(kind: i32, x: v128): v128 {
  if (kind == SILU) {
    const s = sigmoid4(x);
    return mul(s, add(splat(1.0), sub(x, mul(x, s))));
  }
  if (kind == GELU) {
    const density = mul(splat(0.39894228040143268), exp4(mul(splat(-0.5), mul(x, x))));
    return add(half1erf(x), mul(x, density));
  }
  if (kind == GELU_TANH) {
    const s = sigmoid4(twice(x)), du = mul(splat(1.5957691216057308), add(splat(1.0), mul(splat(0.134145), mul(x, x))));
    return mul(s, add(splat(1.0), mul(mul(x, sub(splat(1.0), s)), du)));
  }
  return v128.bitselect(x, v128.and(splat(1.0), f32x4.gt(x, splat(0))), f32x4.ne(x, x)); // NaN stays NaN
}

export function activateForward(kind: i32, x: usize, y: usize, n: i32): void {
  const full = <usize>(n & ~3) << 2, tail = n & 3;
  for (let j: usize = 0; j < full; j += 16) store4(y + j, value(kind, load4(x + j)));
  if (tail) storeTail(y + full, value(kind, loadTail(x + full, tail)), tail);
}
export function activateBackward(kind: i32, x: usize, dy: usize, dx: usize, n: i32): void {
  const full = <usize>(n & ~3) << 2, tail = n & 3;
  for (let j: usize = 0; j < full; j += 16) store4(dx + j, mul(load4(dy + j), slope(kind, load4(x + j))));
  if (tail) storeTail(dx + full, mul(loadTail(dy + full, tail), slope(kind, loadTail(x + full, tail))), tail);
}

export function gatedForward(kind: i32, gate: usize, up: usize, y: usize, n: i32): void {
  const full = <usize>(n & ~3) << 2, tail = n & 3;
  for (let j: usize = 0; j < full; j += 16) store4(y + j, mul(value(kind, load4(gate + j)), load4(up + j)));
  if (tail) storeTail(y + full, mul(value(kind, loadTail(gate + full, tail)), loadTail(up + full, tail)), tail);
}
export function gatedBackward(kind: i32, gate: usize, up: usize, dy: usize, dgate: usize, dup: usize, n: i32): void {
  const full = <usize>(n & ~3) << 2, tail = n & 3;
  for (let j: usize = 0; j < full; j += 16) {
    const h = load4(gate + j), e = load4(dy + j), u = load4(up + j);
    store4(dup + j, mul(e, value(kind, h)));
    store4(dgate + j, mul(mul(e, u), slope(kind, h)));
  }
  if (tail) {
    const h = loadTail(gate + full, tail), e = loadTail(dy + full, tail), u = loadTail(up + full, tail);
    storeTail(dup + full, mul(e, value(kind, h)), tail);
    storeTail(dgate + full, mul(mul(e, u), slope(kind, h)), tail);
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
/** A block of `width` floats a row, from rows `fromStride` floats apart to rows `toStride` apart. */
export function copyColumns(from: usize, fromStride: i32, to: usize, toStride: i32, rows: i32, width: i32): void {
  for (let r = 0; r < rows; r++) {
    memory.copy(to, from, <usize>width << 2);
    from += <usize>fromStride << 2; to += <usize>toStride << 2;
  }
}
/** Logits l become cap * tanh(l / cap); slopes (0: not wanted) get the derivative. */
export function softcapForward(x: usize, slopes: usize, n: i32, cap: f32): void {
  const full = <usize>(n & ~3) << 2, tail = n & 3, double = splat(2.0 / cap), vc = splat(cap);
  for (let j: usize = 0; j < full; j += 16) {
    const t = tanhOfHalf(mul(load4(x + j), double));
    store4(x + j, mul(vc, t));
    if (slopes) store4(slopes + j, sub(splat(1.0), mul(t, t)));
  }
  if (tail) {
    const t = tanhOfHalf(mul(loadTail(x + full, tail), double));
    storeTail(x + full, mul(vc, t), tail);
    if (slopes) storeTail(slopes + full, sub(splat(1.0), mul(t, t)), tail);
  }
}
/** tanh(x / 2) = 2 sigmoid(x) - 1. */
@inline export function tanhOfHalf(x: v128): v128 { return sub(mul(splat(2.0), sigmoid4(x)), splat(1.0)); }
/** a *= b. */
export function multiplyInto(a: usize, b: usize, n: i32): void {
  const full = <usize>(n & ~3) << 2, tail = n & 3;
  for (let j: usize = 0; j < full; j += 16) store4(a + j, mul(load4(a + j), load4(b + j)));
  if (tail) storeTail(a + full, mul(loadTail(a + full, tail), loadTail(b + full, tail)), tail);
}
