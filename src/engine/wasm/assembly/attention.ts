// Causal attention on the layout of the projections [B * T, heads * hd]: no head is ever packed apart. Query rows are
// taken in blocks, so that only keys up to the block's end are touched. The weights are not stored: the gradient
// makes them again from the log-sum-exp of each row (Dao et al. 2022).
import { gemm } from './gemm';
import { log } from './host';
import { tanhOfHalf } from './activation';
import { exp4, fma, load4, maxLanes, mul, splat, store4, sub, sumLanes, add } from './simd';

const BLOCK: i32 = 32;

/** Floats of scratch for sequences of length T, besides that of gemm. */
export function attentionScratch(T: i32): i32 { return 3 * BLOCK * ((T + 3) & ~3); }

/**
 * Rotary positions on the first rd of hd dimensions of every head, half-split form, all times `scale`; direction -1
 * gives the gradient. o may be x.
 */
export function rotate(
  x: usize, o: usize, cos: usize, sin: usize, B: i32, T: i32, H: i32, hd: i32, rd: i32, scale: f32, direction: f32,
): void {
  const half = <usize>(rd >> 1) << 2, full = half & ~15, vs = splat(scale), vd = splat(direction * scale);
  const end = <usize>hd << 2;
  for (let b = 0; b < B; b++) for (let t = 0; t < T; t++) {
    const c = cos + <usize>t * half, s = sin + <usize>t * half;
    for (let h = 0; h < H; h++) {
      for (let j: usize = 0; j < full; j += 16) {
        const u = load4(x + j), v = load4(x + half + j), cc = mul(load4(c + j), vs), ss = mul(load4(s + j), vd);
        store4(o + j, sub(mul(u, cc), mul(v, ss)));
        store4(o + half + j, add(mul(v, cc), mul(u, ss)));
      }
      for (let j = full; j < half; j += 4) {
        const u = load<f32>(x + j), v = load<f32>(x + half + j);
        const cc = load<f32>(c + j) * scale, ss = load<f32>(s + j) * scale * direction;
        store<f32>(o + j, u * cc - v * ss);
        store<f32>(o + half + j, v * cc + u * ss);
      }
      for (let j: usize = 2 * half; j < end; j += 4) store<f32>(o + j, load<f32>(x + j) * scale);
      x += end; o += end;
    }
  }
}

@inline function at(p: usize, row: i32, stride: i32, column: i32): usize {
  return p + ((<usize>row * <usize>stride + <usize>column) << 2);
}

/**
 * q and k rotated, q scaled; lse [B, H, T] or 0; slopes [H] of ALiBi or 0; softcap and window 0 for none;
 * work: attentionScratch, then gemmScratch.
 */
export function attentionForward(
  q: usize, k: usize, v: usize, o: usize, lse: usize, B: i32, T: i32, H: i32, KV: i32, hd: i32,
  slopes: usize, softcap: f32, window: i32, work: usize,
): void {
  const sq = <usize>(H * hd) << 2, sk = <usize>(KV * hd) << 2, bT = <usize>T;
  for (let b: usize = 0; b < <usize>B; b++) {
    const row = b * bT, stats = lse ? lse + ((row * <usize>H) << 2) : 0;
    attentionSpan(q + row * sq, k + row * sk, v + row * sk, o + row * sq, stats, 0, T, T, H, KV, hd, slopes, softcap, window, work);
  }
}

/**
 * As attentionForward for the queries `first`..`first` + `count` - 1 of one sequence of T keys: q and o begin with those, k and v with
 * the sequence; lse [H, count] or 0.
 */
export function attentionSpan(
  q: usize, k: usize, v: usize, o: usize, lse: usize, first: i32, count: i32, T: i32, H: i32, KV: i32, hd: i32,
  slopes: usize, softcap: f32, window: i32, work: usize,
): void {
  const Tp = (T + 3) & ~3, dq = H * hd, dk = KV * hd, group = H / KV;
  const P = work, scratch = work + (<usize>(3 * BLOCK * Tp) << 2);
  for (let h = 0; h < H; h++) {
    const keys = at(k, 0, dk, (h / group) * hd), values = at(v, 0, dk, (h / group) * hd);
    for (let i = 0; i < count; i += BLOCK) {
      const m = min(BLOCK, count - i), place = first + i, n = place + m;
      gemm(at(q, i, dq, h * hd), dq, keys, dk, P, Tp, m, n, hd, 0, 1, 0, scratch);
      if (softcap) cap(P, 0, Tp, m, place, softcap);
      if (slopes) tilt(P, Tp, m, place, load<f32>(slopes + (<usize>h << 2)));
      if (window) narrow(P, Tp, m, place, window);
      softmax(P, Tp, m, place, lse ? lse + (<usize>(h * count + i) << 2) : 0);
      gemm(P, Tp, values, dk, at(o, i, dq, h * hd), dq, m, hd, n, 0, 0, 0, scratch);
    }
  }
}

/** Gradients with respect to the rotated q and k, and v; overwrites dq, dk and dv. */
export function attentionBackward(
  q: usize, k: usize, v: usize, dy: usize, lse: usize, dq: usize, dk: usize, dv: usize,
  B: i32, T: i32, H: i32, KV: i32, hd: i32, slopes: usize, softcap: f32, window: i32, work: usize,
): void {
  const Tp = (T + 3) & ~3, sq = H * hd, sk = KV * hd, group = H / KV, block = <usize>(BLOCK * Tp) << 2;
  const P = work, dP = work + block, bend = work + 2 * block, scratch = work + 3 * block;
  memory.fill(dk, 0, (<usize>B * <usize>T * <usize>sk) << 2);
  memory.fill(dv, 0, (<usize>B * <usize>T * <usize>sk) << 2);
  for (let b = 0; b < B; b++) for (let h = 0; h < H; h++) {
    const column = (h / group) * hd;
    const keys = at(k, b * T, sk, column), values = at(v, b * T, sk, column);
    for (let i = 0; i < T; i += BLOCK) {
      const m = min(BLOCK, T - i), n = i + m, row = b * T + i;
      const queries = at(q, row, sq, h * hd), e = at(dy, row, sq, h * hd);
      gemm(queries, sq, keys, sk, P, Tp, m, n, hd, 0, 1, 0, scratch);
      if (softcap) cap(P, bend, Tp, m, i, softcap);
      if (slopes) tilt(P, Tp, m, i, load<f32>(slopes + (<usize>h << 2)));
      if (window) narrow(P, Tp, m, i, window);
      weights(P, Tp, m, i, lse + (<usize>((b * H + h) * T + i) << 2));
      gemm(P, Tp, e, sq, at(dv, b * T, sk, column), sk, n, hd, m, 1, 0, 1, scratch);
      gemm(e, sq, values, sk, dP, Tp, m, n, hd, 0, 1, 0, scratch);
      softmaxGradient(P, dP, Tp, m, i);
      if (softcap) bendGradient(dP, bend, Tp, m, i);
      gemm(dP, Tp, keys, sk, at(dq, row, sq, h * hd), sq, m, hd, n, 0, 0, 0, scratch);
      gemm(dP, Tp, queries, sq, at(dk, b * T, sk, column), sk, n, hd, m, 1, 0, 1, scratch);
    }
  }
}

/** Lanes of the vector at column j that are at or below the diagonal of row i. */
@inline function seen(j: i32, i: i32): v128 {
  return i32x4.le_s(i32x4.add(i32x4(0, 1, 2, 3), i32x4.splat(j)), i32x4.splat(i));
}

/** Scores s become c tanh(s / c); bend (0: not wanted) gets the derivative. */
function cap(S: usize, bend: usize, Tp: i32, m: i32, first: i32, c: f32): void {
  const double = splat(2.0 / c), vc = splat(c);
  for (let r = 0; r < m; r++) {
    const end = <usize>((first + r) & ~3) << 2;
    for (let j: usize = 0; j <= end; j += 16) {
      const t = tanhOfHalf(mul(load4(S + j), double));
      store4(S + j, mul(vc, t));
      if (bend) store4(bend + j, sub(splat(1.0), mul(t, t)));
    }
    S += <usize>Tp << 2; if (bend) bend += <usize>Tp << 2;
  }
}
/** dS times the derivative of the cap. Past the diagonal dS is 0, but the other may hold anything. */
function bendGradient(dS: usize, bend: usize, Tp: i32, m: i32, first: i32): void {
  for (let r = 0; r < m; r++) {
    const end = <usize>(first + r) << 2;
    for (let j: usize = 0; j <= end; j += 4) store<f32>(dS + j, load<f32>(dS + j) * load<f32>(bend + j));
    dS += <usize>Tp << 2; bend += <usize>Tp << 2;
  }
}
/** ALiBi: adds slope * (j - i). */
function tilt(S: usize, Tp: i32, m: i32, first: i32, slope: f32): void {
  const vs = splat(slope), lanes = f32x4(0, 1, 2, 3);
  for (let r = 0; r < m; r++) {
    const i = first + r;
    for (let j = 0; j <= (i & ~3); j += 4) {
      const p = S + (<usize>j << 2);
      store4(p, add(load4(p), mul(vs, add(lanes, splat(<f32>(j - i))))));
    }
    S += <usize>Tp << 2;
  }
}
/** Takes keys that the window has left behind out of the softmax. */
function narrow(S: usize, Tp: i32, m: i32, first: i32, window: i32): void {
  for (let r = 0; r < m; r++) {
    for (let j = 0; j <= first + r - window; j++) store<f32>(S + (<usize>j << 2), -3.4e38);
    S += <usize>Tp << 2;
  }
}

/** Rows first..first + m of the causal softmax, in place; columns past the diagonal become 0 up to the stride. */
function softmax(S: usize, Tp: i32, m: i32, first: i32, lse: usize): void {
  const end = min(Tp, (first + m + 3) & ~3);
  for (let r = 0; r < m; r++) {
    const i = first + r, stop = i & ~3;
    let top = splat(-3.4e38), s = splat(0);
    for (let j = 0; j < stop; j += 4) top = f32x4.pmax(top, load4(S + (<usize>j << 2)));
    const mask = seen(stop, i), last = S + (<usize>stop << 2);
    top = f32x4.pmax(top, v128.bitselect(load4(last), splat(-3.4e38), mask));
    const most = maxLanes(top), vm = splat(most);
    for (let j = 0; j < stop; j += 4) {
      const p = S + (<usize>j << 2), w = exp4(sub(load4(p), vm));
      store4(p, w); s = add(s, w);
    }
    const w = v128.and(exp4(sub(load4(last), vm)), mask);
    store4(last, w);
    const sum = sumLanes(add(s, w)), inverse = splat(1.0 / sum);
    for (let j = 0; j <= stop; j += 4) { const p = S + (<usize>j << 2); store4(p, mul(inverse, load4(p))); }
    for (let j = stop + 4; j < end; j += 4) store4(S + (<usize>j << 2), splat(0));
    if (lse) store<f32>(lse + (<usize>r << 2), most + <f32>log(<f64>sum));
    S += <usize>Tp << 2;
  }
}
/** The same weights from the scores and their log-sum-exp. */
function weights(S: usize, Tp: i32, m: i32, first: i32, lse: usize): void {
  const end = min(Tp, (first + m + 3) & ~3);
  for (let r = 0; r < m; r++) {
    const i = first + r, stop = i & ~3, vl = splat(load<f32>(lse + (<usize>r << 2)));
    for (let j = 0; j < stop; j += 4) { const p = S + (<usize>j << 2); store4(p, exp4(sub(load4(p), vl))); }
    const last = S + (<usize>stop << 2);
    store4(last, v128.and(exp4(sub(load4(last), vl)), seen(stop, i)));
    for (let j = stop + 4; j < end; j += 4) store4(S + (<usize>j << 2), splat(0));
    S += <usize>Tp << 2;
  }
}
/** dP becomes dS = P (dP - sum(P dP)). */
function softmaxGradient(P: usize, dP: usize, Tp: i32, m: i32, first: i32): void {
  const end = min(Tp, (first + m + 3) & ~3);
  for (let r = 0; r < m; r++) {
    const stop = (first + r) & ~3, mask = seen(stop, first + r);
    // Past the diagonal P is 0, but dP may hold anything there.
    const last = dP + (<usize>stop << 2);
    store4(last, v128.and(load4(last), mask));
    let s = splat(0);
    for (let j = 0; j <= stop; j += 4) s = fma(load4(P + (<usize>j << 2)), load4(dP + (<usize>j << 2)), s);
    const vs = splat(sumLanes(s));
    for (let j = 0; j <= stop; j += 4) {
      const p = dP + (<usize>j << 2);
      store4(p, mul(load4(P + (<usize>j << 2)), sub(load4(p), vs)));
    }
    for (let j = stop + 4; j < end; j += 4) store4(dP + (<usize>j << 2), splat(0));
    P += <usize>Tp << 2; dP += <usize>Tp << 2;
  }
}
