import type { Tensor2D } from '@tensorflow/tfjs';
import { tf } from '../tf.ts';

/** See {@link Ops.swiglu} (Shazeer 2020). */
export function swiglu(gate: Tensor2D, up: Tensor2D): Tensor2D {
  return tf.tidy(() => tf.mul(tf.mul(gate, tf.sigmoid(gate)), up));
}
