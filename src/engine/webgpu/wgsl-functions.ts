/**
 * Functions of which WGSL has none or promises little of its own (tanh to 1e-5). exp is good to 3 + 2|x| units in the last place,
 * and is only taken of numbers that are not above 0, for what overflows may be anything.
 */
export const FUNCTIONS = `
fn sigmoid(x: f32) -> f32 {
  let e = exp(-abs(x));
  let r = 1.0 / (1.0 + e);
  return select(e * r, r, x >= 0.0);
}

// Near 0 Cephes' tanhf.
fn tanhOf(x: f32) -> f32 {
  let z = x * x;
  if (z < 0.390625) {
    var p = -5.70498872745e-3;
    p = p * z + 2.06390887954e-2;
    p = p * z - 5.37397155531e-2;
    p = p * z + 1.33314422036e-1;
    p = p * z - 3.33332819422e-1;
    return p * z * x + x;
  }
  let e = exp(-2.0 * abs(x));
  let t = (1.0 - e) / (1.0 + e);
  return select(-t, t, x >= 0.0);
}

// To 5e-7: a ratio of polynomials on [-4, 4], where it is +-1 to float32 at both ends (Eigen's).
fn erf(x: f32) -> f32 {
  let y = clamp(x, -4.0, 4.0);
  let s = y * y;
  var p = -2.72614225801306e-10;
  p = p * s + 2.77068142495902e-8;
  p = p * s - 2.10102402082508e-6;
  p = p * s - 5.69250639462346e-5;
  p = p * s - 7.34990630326855e-4;
  p = p * s - 2.95459980854025e-3;
  p = p * s - 1.60960333262415e-2;
  var q = -1.45660718464996e-5;
  q = q * s - 2.13374052778905e-4;
  q = q * s - 1.68282697438203e-3;
  q = q * s - 7.37332916720468e-3;
  q = q * s - 1.42647390514189e-2;
  return y * (p / q);
}
`;
