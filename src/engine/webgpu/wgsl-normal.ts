/**
 * The directions of src/noise in WGSL: Philox4x32-10, then Box-Muller. WGSL promises little of its own log, sin and cos
 * (an absolute error of 2^-11), so they are polynomials here, those of the wasm kernel (Cephes).
 */
export const NORMAL = `
fn mulHigh(a: u32, b: u32) -> u32 {
  let al = a & 0xffffu; let ah = a >> 16u; let bl = b & 0xffffu; let bh = b >> 16u;
  let mid = ah * bl + ((al * bl) >> 16u);
  return ah * bh + (mid >> 16u) + ((al * bh + (mid & 0xffffu)) >> 16u);
}

fn philox(block: u32) -> vec4<u32> {
  var x = vec4<u32>(block, 0u, uniforms.query, uniforms.tensor);
  var k = vec2<u32>(uniforms.seed, uniforms.step);
  for (var round = 0; round < 10; round++) {
    let h0 = mulHigh(x.x, 0xd2511f53u); let l0 = x.x * 0xd2511f53u;
    let h1 = mulHigh(x.z, 0xcd9e8d57u); let l1 = x.z * 0xcd9e8d57u;
    x = vec4<u32>(h1 ^ x.y ^ k.x, l1, h0 ^ x.w ^ k.y, l0);
    k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return x;
}

// [0, 1) of the low 23 bits.
fn uniformOf(word: u32) -> f32 { return bitcast<f32>((word & 0x7fffffu) | 0x3f800000u) - 1.0; }

// Natural logarithm on (0, 1): Cephes' logf.
fn logOf(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  var e = i32(bits >> 23u) - 127;
  var m = bitcast<f32>((bits & 0x7fffffu) | 0x3f800000u);
  if (m > 1.41421356) { m *= 0.5; e += 1; }
  let f = m - 1.0; let z = f * f; let n = f32(e);
  var p = 7.0376836292e-2;
  p = p * f - 1.151461031e-1; p = p * f + 1.167699874e-1; p = p * f - 1.2420140846e-1;
  p = p * f + 1.4249322787e-1; p = p * f - 1.6668057665e-1; p = p * f + 2.0000714765e-1;
  p = p * f - 2.4999993993e-1; p = p * f + 3.3333331174e-1;
  return f + (p * f * z + n * -2.12194440e-4 - z * 0.5) + n * 0.693359375;
}

// What rounding 2 pi u to float32 adds, for u = k / 2^23: the stream is defined by the rounded angle.
fn angleRounding(k: u32) -> f32 {
  // k * 2 pi * 2^29 as 64 bits; 2 pi * 2^29 = 0xc90fdaa2 + 0x2168c234 / 2^32
  let low0 = k * 0xc90fdaa2u;
  let low = low0 + mulHigh(k, 0x2168c234u);
  let high = mulHigh(k, 0xc90fdaa2u) + select(0u, 1u, low < low0);
  let top = select(i32(firstLeadingBit(low)), 32 + i32(firstLeadingBit(high)), high != 0u);
  let dropped = u32(max(top - 23, 0));
  if (dropped == 0u) { return 0.0; }
  let unit = 1u << (dropped & 31u);
  let rest = low & (unit - 1u);
  let away = select(-f32(rest), f32(unit - rest), rest * 2u >= unit);
  return away * 2.220446049250313e-16; // 2^-52
}

// Box-Muller of two words: (r sin v, r cos v).
fn boxMuller(a: u32, b: u32) -> vec2<f32> {
  let r = sqrt(-2.0 * logOf(max(uniformOf(a), 1.0e-7)));
  // v = 2 pi u; u is a multiple q of a quarter and the rest, both exact
  let u = uniformOf(b);
  let q = floor(u * 4.0 + 0.5);
  let v = (u - q * 0.25) * 6.283185307179586 + angleRounding(b & 0x7fffffu);
  let z = v * v;
  var s = -1.9515295891e-4 * z + 8.3321608736e-3;
  s = (s * z - 1.6666654611e-1) * z * v + v;
  var c = 2.443315711809948e-5 * z - 1.388731625493765e-3;
  c = ((c * z + 4.166664568298827e-2) * z - 0.5) * z + 1.0;
  switch (i32(q) & 3) {
    case 0: { return r * vec2<f32>(s, c); }
    case 1: { return r * vec2<f32>(c, -s); }
    case 2: { return r * vec2<f32>(-s, -c); }
    default: { return r * vec2<f32>(-c, s); }
  }
}

fn gaussian(block: u32) -> vec4<f32> {
  let x = philox(block);
  return vec4<f32>(boxMuller(x.x, x.y), boxMuller(x.z, x.w));
}

fn rademacher(block: u32) -> vec4<f32> {
  return vec4<f32>(1.0) - 2.0 * vec4<f32>(philox(block) >> vec4<u32>(31u));
}
`;
