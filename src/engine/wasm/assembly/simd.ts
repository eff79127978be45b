// Shorthands for four float32 at a time. Pointers are byte offsets in the heap of TF.js and may be unaligned.

@inline export function load4(p: usize): v128 { return v128.load(p); }
@inline export function store4(p: usize, v: v128): void { v128.store(p, v); }
@inline export function add(a: v128, b: v128): v128 { return f32x4.add(a, b); }
@inline export function sub(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
@inline export function mul(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
@inline export function splat(x: f32): v128 { return f32x4.splat(x); }

/** a b + c, rounded once where the module is built with relaxed SIMD and the machine has FMA. */
@inline export function fma(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  else return f32x4.add(c, f32x4.mul(a, b));
}

/** The last 1 to 3 floats of an array, the other lanes 0. */
export function loadTail(p: usize, count: i32): v128 {
  let v = v128.load32_zero(p);
  if (count > 1) v = f32x4.replace_lane(v, 1, load<f32>(p, 4));
  if (count > 2) v = f32x4.replace_lane(v, 2, load<f32>(p, 8));
  return v;
}
export function storeTail(p: usize, v: v128, count: i32): void {
  store<f32>(p, f32x4.extract_lane(v, 0));
  if (count > 1) store<f32>(p, f32x4.extract_lane(v, 1), 4);
  if (count > 2) store<f32>(p, f32x4.extract_lane(v, 2), 8);
}

@inline export function sumLanes(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}
@inline export function maxLanes(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

/**
 * exp for softmax and sigmoid, relative error below 2e-7 (Cephes' expf). Above 64 it stays at exp(64); below -64 it is
 * 0, for the denormal numbers that would follow make products a hundred times slower. NaN stays NaN (pmin and pmax give their
 * first operand then, in one instruction where min and max take eight).
 */
@inline export function exp4(x0: v128): v128 {
  const x = f32x4.pmin(f32x4.pmax(x0, splat(-64.0)), splat(64.0));
  // Adding 1.5 * 2^23 leaves the nearest integer in the low bits.
  const t = add(mul(x, splat(1.44269504088896341)), splat(12582912.0));
  const n = sub(t, splat(12582912.0));
  let r = sub(x, mul(n, splat(0.693359375)));
  r = fma(n, splat(2.1219444e-4), r);
  let p = splat(1.98756915e-4);
  p = fma(p, r, splat(1.3981999507e-3));
  p = fma(p, r, splat(8.3334519073e-3));
  p = fma(p, r, splat(4.1665795894e-2));
  p = fma(p, r, splat(1.6666665459e-1));
  p = fma(p, r, splat(5.0000001201e-1));
  const y = add(fma(p, mul(r, r), r), splat(1.0));
  const e = mul(y, i32x4.add(i32x4.shl(t, 23), i32x4.splat(0x3f800000)));
  return v128.andnot(e, f32x4.lt(x0, splat(-64.0)));
}
@inline export function sigmoid4(x: v128): v128 {
  return f32x4.div(splat(1.0), add(splat(1.0), exp4(f32x4.neg(x))));
}

/** erf to 5e-7: a ratio of polynomials on [-4, 4], where it is +-1 to float32 at both ends (Eigen's). */
@inline export function erf4(x0: v128): v128 {
  const x = f32x4.pmin(f32x4.pmax(x0, splat(-4.0)), splat(4.0)), s = mul(x, x);
  let p = splat(-2.72614225801306e-10);
  p = fma(p, s, splat(2.77068142495902e-8));
  p = fma(p, s, splat(-2.10102402082508e-6));
  p = fma(p, s, splat(-5.69250639462346e-5));
  p = fma(p, s, splat(-7.34990630326855e-4));
  p = fma(p, s, splat(-2.95459980854025e-3));
  p = fma(p, s, splat(-1.60960333262415e-2));
  let q = splat(-1.45660718464996e-5);
  q = fma(q, s, splat(-2.13374055278905e-4));
  q = fma(q, s, splat(-1.68282697438203e-3));
  q = fma(q, s, splat(-7.37332916720468e-3));
  q = fma(q, s, splat(-1.42647390514189e-2));
  return mul(x, f32x4.div(p, q));
}
