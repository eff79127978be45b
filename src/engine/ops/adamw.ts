import type { Tensor } from '@tensorflow/tfjs';
import type { AdamWSettings } from '../engine.ts';
import { tf } from '../tf.ts';

/** See {@link Ops.adamw} (Loshchilov and Hutter 2019, in the form of PyTorch: weight decay scaled by the rate). */
export function adamw<T extends Tensor>(w: T, g: T, m: T, v: T, s: AdamWSettings): { w: T; m: T; v: T } {
  return tf.tidy(() => {
    const nextM = tf.add<T>(tf.mul(m, s.beta1), tf.mul(g, 1 - s.beta1));
    const nextV = tf.add<T>(tf.mul(v, s.beta2), tf.mul(tf.square(g), 1 - s.beta2));
    const root = tf.sqrt(tf.div(nextV, 1 - s.beta2 ** s.step));
    const update = tf.div(tf.mul(nextM, s.rate / (1 - s.beta1 ** s.step)), tf.add(root, s.epsilon));
    return { w: tf.sub<T>(tf.mul(w, 1 - s.rate * s.weightDecay), update), m: nextM, v: nextV };
  });
}
