import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { tf } from '../tf.ts';

/** See {@link Ops.layerNorm} (Ba, Kiros and Hinton 2016). */
export function layerNorm(x: Tensor2D, gain: Tensor1D, bias: Tensor1D, eps: number): Tensor2D {
  return tf.tidy(() => {
    const centred = tf.sub<Tensor2D>(x, tf.mean(x, 1, true));
    const variance = tf.mean(tf.square(centred), 1, true);
    return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, eps))), gain), bias);
  });
}
