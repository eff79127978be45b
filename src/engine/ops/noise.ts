import type { Tensor } from '@tensorflow/tfjs';
import type { Ops } from '../engine.ts';
import type { Distribution, NoiseKey } from '../../noise/index.ts';
import { tf } from '../tf.ts';

/** Writes the direction under a key to an array. */
export type FillNoise = (out: Float32Array, key: NoiseKey, law: Distribution) => void;

/** {@link Ops.noise} and {@link Ops.perturb} on values drawn on the host. */
export function noiseOps(fill: FillNoise): Pick<Ops, 'noise' | 'perturb'> {
  const noise = (shape: number[], key: NoiseKey, law: Distribution): Tensor => {
    const values = new Float32Array(shape.reduce((size, n) => size * n, 1));
    fill(values, key, law);
    return tf.tensor(values, shape, 'float32');
  };
  return {
    noise,
    perturb: (w, scale, key, law) => tf.tidy(() => tf.add(w, tf.mul(noise(w.shape, key, law), scale))),
  };
}
