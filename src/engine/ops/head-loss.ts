import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { tf } from '../tf.ts';
import { differentiable } from './differentiable.ts';

/** See {@link Ops.headLoss}. */
export function headLoss(
  h: Tensor2D,
  w: Tensor2D,
  targets: Tensor1D,
  softcap?: number,
): { mean: Scalar; tokens: Tensor1D } {
  const n = h.shape[0];
  const [mean, tokens] = differentiable<Tensor[], 'h' | 'w'>(
    { h, w },
    (save) => {
      const raw: Tensor2D = tf.matMul(h, w, false, true);
      const bent = softcap ? tf.tanh<Tensor2D>(tf.div<Tensor2D>(raw, softcap)) : undefined;
      const logits = bent ? tf.mul<Tensor2D>(bent, softcap!) : raw;
      const losses = crossEntropies(logits.dataSync<'float32'>(), targets.dataSync<'int32'>(), w.shape[0]);
      const oneHot = tf.oneHot(targets, w.shape[0]) as Tensor2D;
      const dLogits = tf.div(tf.sub(tf.softmax(logits), oneHot), n);
      save([h, w, bent ? tf.mul(dLogits, tf.sub(1, tf.square(bent))) : dLogits]);
      let sum = 0;
      for (const loss of losses) sum += loss;
      return [tf.scalar(sum / n), tf.tensor1d(Float32Array.from(losses))];
    },
    (dy, saved) => {
      const [hidden, weight, dLogits] = saved as [Tensor2D, Tensor2D, Tensor2D];
      return {
        h: () => tf.mul(tf.matMul(dLogits, weight), dy),
        w: () => tf.mul(tf.matMul(dLogits, hidden, true), dy),
      };
    },
  );
  return { mean: mean as Scalar, tokens: tokens as Tensor1D };
}

/** log(sum_j exp(logit_j)) - logit_target of each row, in float64. */
function crossEntropies(logits: Float32Array, targets: Int32Array, vocabulary: number): Float64Array {
  return Float64Array.from(targets, (target, row) => {
    const line = logits.subarray(row * vocabulary, (row + 1) * vocabulary);
    let max = -Infinity;
    for (const logit of line) max = Math.max(max, logit);
    let sum = 0;
    for (const logit of line) sum += Math.exp(logit - max);
    return Math.log(sum) + max - line[target]!;
  });
}
