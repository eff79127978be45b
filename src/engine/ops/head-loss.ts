import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import type { Ops } from '../engine.ts';
import { tf } from '../tf.ts';
import { differentiable, isTapeOn, type GradientThunks } from './differentiable.ts';

/**
 * log(sum_j exp(logit_j)) - logit_target of each row of logits [n, V], exp-sums in float64; with `gradient` the logits become
 * that of their mean, (softmax - one hot) / n.
 */
export type CrossEntropies = (
  logits: Float32Array,
  targets: Int32Array,
  vocabulary: number,
  gradient: boolean,
) => ArrayLike<number>;

/** h w^T, bent where there is a softcap, and what the gradient of the logits is to be multiplied by then. */
export function bentLogits(
  h: Tensor2D,
  w: Tensor2D,
  softcap?: number,
): { logits: Tensor2D; slope?: Tensor2D } {
  const raw: Tensor2D = tf.matMul(h, w, false, true);
  if (!softcap) return { logits: raw };
  const bent = tf.tanh<Tensor2D>(tf.div<Tensor2D>(raw, softcap));
  return { logits: tf.mul<Tensor2D>(bent, softcap), slope: tf.sub<Tensor2D>(1, tf.square(bent)) };
}

/** Gradients of h and w from what was saved: h, w and the gradient of h w^T. */
export function headGradients(dy: Tensor, saved: Tensor[]): GradientThunks<'h' | 'w'> {
  const [h, w, dLogits] = saved as [Tensor2D, Tensor2D, Tensor2D];
  return {
    h: () => tf.mul(tf.matMul(dLogits, w), dy),
    w: () => tf.mul(tf.matMul(dLogits, h, true), dy),
  };
}

/** {@link Ops.headLoss} with the logits on the host, where float64 is. */
export function headLossBy(crossEntropies: CrossEntropies): Ops['headLoss'] {
  return (h, w, targets, softcap) => {
    const recording = isTapeOn();
    const [mean, tokens] = differentiable<Tensor[], 'h' | 'w'>(
      { h, w },
      (save) => {
        const { logits, slope } = bentLogits(h, w, softcap);
        const values = logits.dataSync<'float32'>().slice(); // which some backends hand out without a copy
        const losses = crossEntropies(values, targets.dataSync<'int32'>(), w.shape[0], recording);
        if (recording) {
          const dLogits = tf.tensor2d(values, logits.shape);
          save([h, w, slope ? tf.mul(dLogits, slope) : dLogits]);
        }
        let sum = 0;
        for (let i = 0; i < losses.length; i++) sum += losses[i]!;
        return [tf.scalar(sum / losses.length), tf.tensor1d(Float32Array.from(losses))];
      },
      headGradients,
    );
    return { mean: mean as Scalar, tokens: tokens as Tensor1D };
  };
}

/** See {@link Ops.headLoss}: in plain JavaScript. */
export const headLoss = headLossBy((logits, targets, vocabulary, gradient) =>
  Float64Array.from(targets, (target, row) => {
    const line = logits.subarray(row * vocabulary, (row + 1) * vocabulary);
    const at = line[target]!;
    const max = line.reduce((most, x) => Math.max(most, x), -Infinity);
    const sum = line.reduce((total, x) => total + Math.exp(x - max), 0);
    if (gradient) {
      line.forEach((x, j) => (line[j] = Math.exp(x - max) / sum / targets.length));
      line[target]! -= 1 / targets.length;
    }
    return Math.log(sum) + max - at;
  }),
);
