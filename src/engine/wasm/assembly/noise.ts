// The directions u of src/noise, four blocks of Philox4x32-10 at a time. Plain SIMD on purpose: without FMA the stream
// is the same bit for bit on every machine.

@inline function evenWords(a: v128, b: v128): v128 { return v128.shuffle<i32>(a, b, 0, 2, 4, 6); }
@inline function oddWords(a: v128, b: v128): v128 { return v128.shuffle<i32>(a, b, 1, 3, 5, 7); }
@inline function mul(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
@inline function add(a: v128, b: v128): v128 { return f32x4.add(a, b); }
@inline function sub(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
@inline function splat(x: f32): v128 { return f32x4.splat(x); }

/** Low 23 bits as a float32 in [1, 2). */
@inline function mantissa(x: v128): v128 {
  return v128.or(v128.and(x, i32x4.splat(0x7fffff)), i32x4.splat(0x3f800000));
}

/** Natural logarithm on (0, 1): Cephes' logf. Near 1 the exponent is 0 and x - 1 is exact, so small logs keep their digits. */
@inline function log4(x: v128): v128 {
  let e = i32x4.sub(i32x4.shr_u(x, 23), i32x4.splat(127));
  let m = mantissa(x);
  const big = f32x4.gt(m, splat(1.41421356));
  m = v128.bitselect(mul(m, splat(0.5)), m, big);
  e = i32x4.sub(e, big);
  const f = sub(m, splat(1.0)), z = mul(f, f), n = f32x4.convert_i32x4_s(e);
  let p = splat(7.0376836292e-2);
  p = add(mul(p, f), splat(-1.151461031e-1));
  p = add(mul(p, f), splat(1.167699874e-1));
  p = add(mul(p, f), splat(-1.2420140846e-1));
  p = add(mul(p, f), splat(1.4249322787e-1));
  p = add(mul(p, f), splat(-1.6668057665e-1));
  p = add(mul(p, f), splat(2.0000714765e-1));
  p = add(mul(p, f), splat(-2.4999993993e-1));
  p = add(mul(p, f), splat(3.3333331174e-1));
  let y = mul(mul(p, f), z);
  y = add(y, mul(n, splat(-2.12194440e-4)));
  y = sub(y, mul(z, splat(0.5)));
  return add(add(f, y), mul(n, splat(0.693359375)));
}

/** float32(2 pi u), the product taken in float64 as TensorFlow does. */
@inline function angle(x: v128): v128 {
  const u = sub(mantissa(x), splat(1.0)), twoPi = f64x2.splat(6.283185307179586);
  const low = f32x4.demote_f64x2_zero(f64x2.mul(f64x2.promote_low_f32x4(u), twoPi));
  const high = f32x4.demote_f64x2_zero(f64x2.mul(f64x2.promote_low_f32x4(v128.shuffle<i64>(u, u, 1, 0)), twoPi));
  return v128.shuffle<i64>(low, high, 0, 2);
}

let sine: v128 = i32x4.splat(0);
let cosine: v128 = i32x4.splat(0);
/** Box-Muller of two words: leaves r sin v and r cos v in `sine` and `cosine`. */
@inline function boxMuller(x: v128, y: v128): void {
  const u1 = f32x4.pmax(sub(mantissa(x), splat(1.0)), splat(1.0e-7));
  const r = f32x4.sqrt(mul(splat(-2.0), log4(u1)));
  const v = angle(y);
  // The nearest multiple q of pi / 2 sits in the low bits of `t`; v - q pi / 2 in three exact steps.
  const t = add(mul(v, splat(0.63661977236758)), splat(12582912.0)), q = sub(t, splat(12582912.0));
  let a = sub(v, mul(q, splat(1.5703125)));
  a = sub(a, mul(q, splat(4.837512969970703125e-4)));
  a = sub(a, mul(q, splat(7.549789948768648e-8)));
  const z = mul(a, a);
  let s = splat(-1.9515295891e-4);
  s = add(mul(s, z), splat(8.3321608736e-3));
  s = add(mul(s, z), splat(-1.6666654611e-1));
  s = add(mul(mul(s, z), a), a);
  let c = splat(2.443315711809948e-5);
  c = add(mul(c, z), splat(-1.388731625493765e-3));
  c = add(mul(c, z), splat(4.166664568298827e-2));
  c = add(sub(mul(mul(c, z), z), mul(z, splat(0.5))), splat(1.0));
  const odd = i32x4.shr_s(i32x4.shl(t, 31), 31);
  const sn = v128.xor(v128.bitselect(c, s, odd), i32x4.shl(v128.and(t, i32x4.splat(2)), 30));
  const next = i32x4.add(t, i32x4.splat(1));
  const cs = v128.xor(v128.bitselect(s, c, odd), i32x4.shl(v128.and(next, i32x4.splat(2)), 30));
  sine = mul(r, sn);
  cosine = mul(r, cs);
}

@inline function sign(x: v128): v128 {
  return v128.or(v128.and(x, i32x4.splat(0x80000000)), i32x4.splat(0x3f800000));
}

@inline function put(w: usize, out: usize, u: v128, scale: v128): void {
  v128.store(out, w ? add(v128.load(w), mul(scale, u)) : u);
}

/** Elements of whole groups of four blocks: out = u, or w + scale u. */
function groups(
  w: usize, out: usize, count: i32, scale: f32, seed: u32, step: u32, query: u32, tensor: u32, block: u32, rademacher: i32,
): void {
  const M0 = i32x4.splat(0xd2511f53), M1 = i32x4.splat(0xcd9e8d57), vs = splat(scale);
  for (let group = 0; group < count; group++) {
    let x0 = i32x4.add(i32x4.splat(block), i32x4(0, 1, 2, 3));
    let x1 = i32x4.splat(0), x2 = i32x4.splat(query), x3 = i32x4.splat(tensor);
    let k0 = seed, k1 = step;
    for (let round = 0; round < 10; round++) {
      const p = i64x2.extmul_low_i32x4_u(x0, M0), q = i64x2.extmul_high_i32x4_u(x0, M0);
      const s = i64x2.extmul_low_i32x4_u(x2, M1), t = i64x2.extmul_high_i32x4_u(x2, M1);
      x0 = v128.xor(v128.xor(oddWords(s, t), x1), i32x4.splat(k0));
      x1 = evenWords(s, t);
      x2 = v128.xor(v128.xor(oddWords(p, q), x3), i32x4.splat(k1));
      x3 = evenWords(p, q);
      k0 += 0x9e3779b9; k1 += 0xbb67ae85;
    }
    if (rademacher) { x0 = sign(x0); x1 = sign(x1); x2 = sign(x2); x3 = sign(x3); }
    else {
      boxMuller(x0, x1); x0 = sine; x1 = cosine;
      boxMuller(x2, x3); x2 = sine; x3 = cosine;
    }
    // Lanes are blocks; elements go block by block.
    const t0 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5), t1 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
    const t2 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5), t3 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
    put(w, out, v128.shuffle<i64>(t0, t2, 0, 2), vs);
    put(w ? w + 16 : 0, out + 16, v128.shuffle<i64>(t0, t2, 1, 3), vs);
    put(w ? w + 32 : 0, out + 32, v128.shuffle<i64>(t1, t3, 0, 2), vs);
    put(w ? w + 48 : 0, out + 48, v128.shuffle<i64>(t1, t3, 1, 3), vs);
    block += 4; out += 64; if (w) w += 64;
  }
}

/**
 * out[i] = u[i], or w[i] + scale u[i] where w != 0, for n elements from element 4 * block of the stream.
 * scratch: 64 bytes.
 */
export function noise(
  w: usize, out: usize, n: i32, scale: f32, seed: u32, step: u32, query: u32, tensor: u32, block: u32,
  rademacher: i32, scratch: usize,
): void {
  const whole = n >> 4;
  groups(w, out, whole, scale, seed, step, query, tensor, block, rademacher);
  const first = whole << 4;
  if (first == n) return;
  groups(0, scratch, 1, scale, seed, step, query, tensor, block + (<u32>first >> 2), rademacher);
  for (let i = first; i < n; i++) {
    const p = <usize>i << 2, u = load<f32>(scratch + (<usize>(i - first) << 2));
    store<f32>(out + p, w ? load<f32>(w + p) + scale * u : u);
  }
}
