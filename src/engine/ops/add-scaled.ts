import type { Tensor } from '@tensorflow/tfjs';
import { tf } from '../tf.ts';

/** See {@link Ops.addScaled}. */
export function addScaled<T extends Tensor>(a: T, b: T, scale: number): T {
  return tf.tidy(() => tf.add<T>(a, tf.mul(b, scale)));
}
