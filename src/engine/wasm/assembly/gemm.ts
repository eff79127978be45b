// C [M, N] = A [M, K] B [K, N] (+ C), each operand with its own row stride (in floats), A or B stored transposed if asked.
// Blocked as in Goto and van de Geijn 2008: B packed by KC x NC, A by MC x KC, a 4 x 8 tile in registers.
import { fma } from './simd';

const KC: i32 = 256;
const NC: i32 = 512;
const MC: i32 = 64;

/** Bytes of scratch that gemm needs. */
export function gemmScratch(): i32 { return (KC * NC + MC * KC + 32) * 4; }

export function gemm(
  a: usize, lda: i32, b: usize, ldb: i32, c: usize, ldc: i32,
  M: i32, N: i32, K: i32, ta: i32, tb: i32, accumulate: i32, scratch: usize,
): void {
  const packedB = scratch;
  const packedA = scratch + (<usize>(KC * NC) << 2);
  const tile = packedA + (<usize>(MC * KC) << 2);
  if (K == 0 && !accumulate) {
    for (let i = 0; i < M; i++) memory.fill(c + ((<usize>i * <usize>ldc) << 2), 0, <usize>N << 2);
    return;
  }
  for (let j0 = 0; j0 < N; j0 += NC) {
    const nc = min(NC, N - j0);
    for (let k0 = 0; k0 < K; k0 += KC) {
      const kc = min(KC, K - k0);
      if (tb) packColumnsTransposed(packedB, b + ((<usize>j0 * <usize>ldb + <usize>k0) << 2), ldb, kc, nc);
      else packColumns(packedB, b + ((<usize>k0 * <usize>ldb + <usize>j0) << 2), ldb, kc, nc);
      const add = accumulate || k0 > 0;
      for (let i0 = 0; i0 < M; i0 += MC) {
        const mc = min(MC, M - i0);
        if (ta) packRowsTransposed(packedA, a + ((<usize>k0 * <usize>lda + <usize>i0) << 2), lda, kc, mc);
        else packRows(packedA, a + ((<usize>i0 * <usize>lda + <usize>k0) << 2), lda, kc, mc);
        for (let j = 0; j < nc; j += 8) {
          const nr = min(8, nc - j);
          const pb = packedB + ((<usize>j * <usize>kc) << 2);
          let to = c + ((<usize>(i0) * <usize>ldc + <usize>(j0 + j)) << 2);
          let pa = packedA;
          for (let i = 0; i < mc; i += 4) {
            const mr = min(4, mc - i);
            if (mr == 4 && nr == 8) micro(pa, pb, kc, to, <usize>ldc << 2, add);
            else {
              micro(pa, pb, kc, tile, 32, 0);
              copyTile(tile, to, <usize>ldc << 2, mr, nr, add);
            }
            pa += <usize>kc << 4;
            to += <usize>ldc << 4;
          }
        }
      }
    }
  }
}

/** One 4 x 8 tile. */
function micro(a: usize, b: usize, kc: i32, c: usize, row: usize, add: i32): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  for (let k = 0; k < kc; k++) {
    const u = v128.load(b), v = v128.load(b, 16);
    let x = v128.load32_splat(a);
    a0 = fma(x, u, a0); b0 = fma(x, v, b0);
    x = v128.load32_splat(a, 4);
    a1 = fma(x, u, a1); b1 = fma(x, v, b1);
    x = v128.load32_splat(a, 8);
    a2 = fma(x, u, a2); b2 = fma(x, v, b2);
    x = v128.load32_splat(a, 12);
    a3 = fma(x, u, a3); b3 = fma(x, v, b3);
    b += 32; a += 16;
  }
  put(c, a0, b0, add); c += row;
  put(c, a1, b1, add); c += row;
  put(c, a2, b2, add); c += row;
  put(c, a3, b3, add);
}
@inline function put(c: usize, u: v128, v: v128, add: i32): void {
  if (add) { u = f32x4.add(u, v128.load(c)); v = f32x4.add(v, v128.load(c, 16)); }
  v128.store(c, u); v128.store(c, v, 16);
}
function copyTile(tile: usize, c: usize, row: usize, mr: i32, nr: i32, add: i32): void {
  for (let i = 0; i < mr; i++) {
    for (let j = 0; j < nr; j++) {
      const p = c + (<usize>j << 2), x = load<f32>(tile + (<usize>j << 2));
      store<f32>(p, add ? load<f32>(p) + x : x);
    }
    tile += 32; c += row;
  }
}

/** Transposes 4 x 4: column vectors x, y, z, w to rows at p, p + s, p + 2s, p + 3s. */
@inline function transpose(p: usize, s: usize, x: v128, y: v128, z: v128, w: v128): void {
  const t0 = v128.shuffle<i32>(x, y, 0, 4, 1, 5), t1 = v128.shuffle<i32>(x, y, 2, 6, 3, 7);
  const t2 = v128.shuffle<i32>(z, w, 0, 4, 1, 5), t3 = v128.shuffle<i32>(z, w, 2, 6, 3, 7);
  v128.store(p, v128.shuffle<i64>(t0, t2, 0, 2));
  v128.store(p + s, v128.shuffle<i64>(t0, t2, 1, 3));
  v128.store(p + 2 * s, v128.shuffle<i64>(t1, t3, 0, 2));
  v128.store(p + 3 * s, v128.shuffle<i64>(t1, t3, 1, 3));
}

// Panels of 8 columns, k by k; columns that are not there are 0.
function packColumns(p: usize, b: usize, ldb: i32, kc: i32, nc: i32): void {
  const row = <usize>ldb << 2;
  for (let j = 0; j < nc; j += 8) {
    let s = b + (<usize>j << 2);
    if (j + 8 <= nc) for (let k = 0; k < kc; k++) {
      v128.store(p, v128.load(s)); v128.store(p, v128.load(s, 16), 16);
      p += 32; s += row;
    }
    else for (let k = 0; k < kc; k++) {
      for (let h = 0; h < 8; h++) store<f32>(p + (<usize>h << 2), j + h < nc ? load<f32>(s + (<usize>h << 2)) : 0);
      p += 32; s += row;
    }
  }
}
function packColumnsTransposed(p: usize, b: usize, ldb: i32, kc: i32, nc: i32): void {
  const row = <usize>ldb << 2;
  for (let j = 0; j < nc; j += 8) {
    const s = b + <usize>j * row;
    let k = 0;
    if (j + 8 <= nc) for (; k + 4 <= kc; k += 4) {
      let g = s + (<usize>k << 2);
      transpose(p, 32, v128.load(g), v128.load(g + row), v128.load(g + 2 * row), v128.load(g + 3 * row));
      g += 4 * row;
      transpose(p + 16, 32, v128.load(g), v128.load(g + row), v128.load(g + 2 * row), v128.load(g + 3 * row));
      p += 128;
    }
    for (; k < kc; k++) {
      for (let h = 0; h < 8; h++)
        store<f32>(p + (<usize>h << 2), j + h < nc ? load<f32>(s + (<usize>k << 2) + <usize>h * row) : 0);
      p += 32;
    }
  }
}
// Panels of 4 rows, k by k; rows that are not there are 0.
function packRows(p: usize, a: usize, lda: i32, kc: i32, mc: i32): void {
  const row = <usize>lda << 2;
  for (let i = 0; i < mc; i += 4) {
    const s = a + <usize>i * row;
    let k = 0;
    if (i + 4 <= mc) for (; k + 4 <= kc; k += 4) {
      const g = s + (<usize>k << 2);
      transpose(p, 16, v128.load(g), v128.load(g + row), v128.load(g + 2 * row), v128.load(g + 3 * row));
      p += 64;
    }
    for (; k < kc; k++) {
      for (let h = 0; h < 4; h++)
        store<f32>(p + (<usize>h << 2), i + h < mc ? load<f32>(s + (<usize>k << 2) + <usize>h * row) : 0);
      p += 16;
    }
  }
}
function packRowsTransposed(p: usize, a: usize, lda: i32, kc: i32, mc: i32): void {
  const row = <usize>lda << 2;
  for (let i = 0; i < mc; i += 4) {
    let s = a + (<usize>i << 2);
    if (i + 4 <= mc) for (let k = 0; k < kc; k++) { v128.store(p, v128.load(s)); p += 16; s += row; }
    else for (let k = 0; k < kc; k++) {
      for (let h = 0; h < 4; h++) store<f32>(p + (<usize>h << 2), i + h < mc ? load<f32>(s + (<usize>h << 2)) : 0);
      p += 16; s += row;
    }
  }
}
