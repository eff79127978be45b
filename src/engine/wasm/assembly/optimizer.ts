// Updates in one pass, and products in float64.
import { add, load4, loadTail, mul, splat, store4, storeTail, sub } from './simd';

export function scaleVector(a: usize, out: usize, n: i32, s: f32): void {
  const full = <usize>(n & ~3) << 2, tail = n & 3, v = splat(s);
  for (let j: usize = 0; j < full; j += 16) store4(out + j, mul(v, load4(a + j)));
  if (tail) storeTail(out + full, mul(v, loadTail(a + full, tail)), tail);
}
/** out = a + s b; rounded twice, so that it equals perturb. */
export function addScaled(a: usize, b: usize, out: usize, n: i32, s: f32): void {
  const full = <usize>(n & ~3) << 2, tail = n & 3, v = splat(s);
  for (let j: usize = 0; j < full; j += 16) store4(out + j, add(load4(a + j), mul(v, load4(b + j))));
  if (tail) storeTail(out + full, add(loadTail(a + full, tail), mul(v, loadTail(b + full, tail))), tail);
}

/** x, or 0 where |x| is below `least`; NaN stays NaN. */
@inline function flush(x: v128, least: f32): v128 { return v128.andnot(x, f32x4.lt(f32x4.abs(x), splat(least))); }
@inline function square(x: v128): v128 { const y = flush(x, 1e-18); return mul(y, y); }

/**
 * Moments of rows that get no gradient decay into denormal numbers, which never reach 0 and are a hundred times slower:
 * m below 1e-30 and v below 1e-36 become 0, far below what epsilon leaves of them.
 * decay = 1 - rate * weight decay, step = rate / (1 - beta1^t), root = 1 / (1 - beta2^t).
 */
export function adamw(
  w: usize, g: usize, m: usize, v: usize, w2: usize, m2: usize, v2: usize, n: i32,
  beta1: f32, rest1: f32, beta2: f32, rest2: f32, decay: f32, step: f32, root: f32, epsilon: f32,
): void {
  const full = <usize>(n & ~3) << 2, tail = n & 3;
  const B1 = splat(beta1), C1 = splat(rest1), B2 = splat(beta2), C2 = splat(rest2);
  const D = splat(decay), S = splat(step), R = splat(root), E = splat(epsilon);
  for (let j: usize = 0; j < full; j += 16) {
    const q = load4(g + j);
    const nm = flush(add(mul(B1, load4(m + j)), mul(C1, q)), 1e-30);
    const nv = flush(add(mul(B2, load4(v + j)), mul(C2, square(q))), 1e-36);
    const u = f32x4.div(mul(S, nm), add(f32x4.sqrt(mul(nv, R)), E));
    store4(m2 + j, nm); store4(v2 + j, nv); store4(w2 + j, sub(mul(D, load4(w + j)), u));
  }
  if (tail) {
    const q = loadTail(g + full, tail);
    const nm = flush(add(mul(B1, loadTail(m + full, tail)), mul(C1, q)), 1e-30);
    const nv = flush(add(mul(B2, loadTail(v + full, tail)), mul(C2, square(q))), 1e-36);
    const u = f32x4.div(mul(S, nm), add(f32x4.sqrt(mul(nv, R)), E));
    storeTail(m2 + full, nm, tail); storeTail(v2 + full, nv, tail);
    storeTail(w2 + full, sub(mul(D, loadTail(w + full, tail)), u), tail);
  }
}

/** Sum of a_i b_i in float64. */
export function dot(a: usize, b: usize, n: i32): f64 {
  const full = <usize>(n & ~3) << 2, end = <usize>n << 2;
  let s = f64x2.splat(0), t = f64x2.splat(0);
  for (let j: usize = 0; j < full; j += 16) {
    const x = load4(a + j), y = load4(b + j);
    s = f64x2.add(s, f64x2.mul(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(y)));
    const xh = v128.shuffle<i64>(x, x, 1, 0), yh = v128.shuffle<i64>(y, y, 1, 0);
    t = f64x2.add(t, f64x2.mul(f64x2.promote_low_f32x4(xh), f64x2.promote_low_f32x4(yh)));
  }
  s = f64x2.add(s, t);
  let sum = f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
  for (let j = full; j < end; j += 4) sum += <f64>load<f32>(a + j) * <f64>load<f32>(b + j);
  return sum;
}
