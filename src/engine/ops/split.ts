import type { Tensor2D } from '@tensorflow/tfjs';
import { tf } from '../tf.ts';

/** See {@link Ops.split}. */
export function split(x: Tensor2D, widths: readonly number[]): Tensor2D[] {
  return tf.split(x, [...widths], 1);
}
