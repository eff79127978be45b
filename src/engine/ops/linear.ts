import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { tf } from '../tf.ts';

/** See {@link Ops.linear}. */
export function linear(x: Tensor2D, w: Tensor2D, bias?: Tensor1D, inOut = false): Tensor2D {
  const y: Tensor2D = tf.matMul(x, w, false, !inOut);
  if (!bias) return y;
  const out = tf.add<Tensor2D>(y, bias);
  y.dispose();
  return out;
}
