import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { tf } from '../tf.ts';

/** See {@link Ops.rmsNorm} (Zhang and Sennrich 2019). */
export function rmsNorm(x: Tensor2D, gain: Tensor1D, eps: number): Tensor2D {
  return tf.tidy(() => {
    const meanSquare = tf.mean(tf.square(x), 1, true);
    return tf.mul(tf.mul(x, tf.rsqrt(tf.add(meanSquare, eps))), gain);
  });
}
