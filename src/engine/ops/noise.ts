import type { Tensor } from '@tensorflow/tfjs';
import type { Distribution, NoiseKey } from '../engine.ts';
import { fillNoise } from '../../noise/index.ts';
import { tf } from '../tf.ts';

/** See {@link Ops.noise}. */
export function noise(shape: number[], key: NoiseKey, law: Distribution): Tensor {
  const values = new Float32Array(shape.reduce((size, n) => size * n, 1));
  fillNoise(values, key, law);
  return tf.tensor(values, shape, 'float32');
}

/** See {@link Ops.perturb}. */
export function perturb<T extends Tensor>(w: T, scale: number, key: NoiseKey, law: Distribution): T {
  return tf.tidy(() => tf.add<T>(w, tf.mul(noise(w.shape, key, law), scale)));
}
