// Cross-entropy of rows of logits [rows, V] at int32 targets. Exp-sums are float64.
import { log } from './host';
import { exp4, load4, loadTail, maxLanes, mul, splat, store4, storeTail, sub } from './simd';

@inline function sumInto(sum: v128, w: v128): v128 {
  return f64x2.add(sum, f64x2.add(f64x2.promote_low_f32x4(w), f64x2.promote_low_f32x4(v128.shuffle<i64>(w, w, 1, 0))));
}

/**
 * Writes the losses to tokens and returns their sum. With gradient != 0 the logits become
 * (softmax - one hot) * gradient.
 */
export function crossEntropy(logits: usize, targets: usize, tokens: usize, rows: i32, V: i32, gradient: f32): f64 {
  const full = <usize>(V & ~3) << 2, row = <usize>V << 2, tail = V & 3, lowest = splat(-3.4e38);
  // Lanes of the tail that exist.
  const mask = i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(tail));
  let total: f64 = 0;
  for (let r = 0; r < rows; r++) {
    let m = lowest, s = f64x2.splat(0);
    for (let j: usize = 0; j < full; j += 16) m = f32x4.pmax(m, load4(logits + j));
    if (tail) m = f32x4.pmax(m, v128.bitselect(loadTail(logits + full, tail), lowest, mask));
    const top = maxLanes(m), vm = splat(top);
    const target = logits + (<usize>load<i32>(targets + (<usize>r << 2)) << 2), at = load<f32>(target);
    if (gradient != 0) {
      for (let j: usize = 0; j < full; j += 16) {
        const w = exp4(sub(load4(logits + j), vm));
        store4(logits + j, w); s = sumInto(s, w);
      }
    } else for (let j: usize = 0; j < full; j += 16) s = sumInto(s, exp4(sub(load4(logits + j), vm)));
    if (tail) {
      const w = v128.and(exp4(sub(loadTail(logits + full, tail), vm)), mask);
      if (gradient != 0) storeTail(logits + full, w, tail);
      s = sumInto(s, w);
    }
    const sum = f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
    const loss = log(sum) + <f64>top - <f64>at;
    store<f32>(tokens + (<usize>r << 2), <f32>loss);
    total += loss;
    if (gradient != 0) {
      const k = splat(<f32>(<f64>gradient / sum));
      for (let j: usize = 0; j < full; j += 16) store4(logits + j, mul(k, load4(logits + j)));
      if (tail) storeTail(logits + full, mul(k, loadTail(logits + full, tail)), tail);
      store<f32>(target, load<f32>(target) - gradient);
    }
    logits += row;
  }
  return total;
}
