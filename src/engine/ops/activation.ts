import type { Tensor2D } from '@tensorflow/tfjs';
import type { Activation } from '../engine.ts';
import { tf } from '../tf.ts';

/** See {@link Ops.activate}. */
export function activate(x: Tensor2D, activation: Activation): Tensor2D {
  return tf.tidy(() => activations[activation](x));
}

/** See {@link Ops.gated} (Shazeer 2020). */
export function gated(gate: Tensor2D, up: Tensor2D, activation: Activation): Tensor2D {
  return tf.tidy(() => tf.mul(activations[activation](gate), up));
}

const activations: Record<Activation, (x: Tensor2D) => Tensor2D> = {
  silu: (x) => tf.mul(x, tf.sigmoid(x)),
  gelu: (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
  // 1 + tanh(u) = 2 sigmoid(2u)
  'gelu-tanh': (x) => {
    const cubic = tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715));
    return tf.mul(x, tf.sigmoid(tf.mul(cubic, 2 * Math.sqrt(2 / Math.PI))));
  },
  relu: (x) => tf.relu(x),
};
