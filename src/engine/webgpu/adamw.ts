import type { Tensor } from '@tensorflow/tfjs';
import type { AdamWSettings } from '../engine.ts';
import { elementwise } from './elementwise.ts';

/** See {@link Ops.adamw}: one pass. */
export function adamw<T extends Tensor>(w: T, g: T, m: T, v: T, s: AdamWSettings): { w: T; m: T; v: T } {
  const f32 = {
    beta1: s.beta1,
    rest1: 1 - s.beta1,
    beta2: s.beta2,
    rest2: 1 - s.beta2,
    decay: 1 - s.rate * s.weightDecay,
    step: s.rate / (1 - s.beta1 ** s.step),
    root: 1 / (1 - s.beta2 ** s.step),
    epsilon: s.epsilon,
  };
  const { W2, M2, V2 } = elementwise(
    {
      key: 'adamw',
      inputs: { W: w, G: g, M: m, V: v },
      outputs: { W2: w.shape, M2: w.shape, V2: w.shape },
      uniforms: { f32 },
    },
    `let g = G[i];
     let m = uniforms.beta1 * M[i] + uniforms.rest1 * g;
     let v = uniforms.beta2 * V[i] + uniforms.rest2 * (g * g);
     M2[i] = m;
     V2[i] = v;
     W2[i] = uniforms.decay * W[i] - uniforms.step * m / (sqrt(v * uniforms.root) + uniforms.epsilon);`,
  );
  return { w: W2 as T, m: M2 as T, v: V2 as T };
}
