import type { Tensor } from '@tensorflow/tfjs';
import { tf } from '../engine/tf.ts';
import type { Engine } from '../engine/index.ts';
import { combine, type Direction, type KeptParts } from '../estimate/index.ts';
import type { Parameter } from '../model/index.ts';
import { fillNoise } from '../noise/index.ts';
import type { AdamW } from '../optimize/index.ts';
import type { StepSettings } from './settings.ts';

/**
 * What moved the ZO tensors in one step. Directions are keys and the rest are scalars, so this is all that is needed to do
 * the same again, to the bit and without a forward pass: the seed log is a list of these.
 */
export interface ZOUpdate {
  /** `sgd`: w - rate * sum scalar_i u_i; `adamw`: AdamW fed with sum scalar_i u_i. */
  by: 'sgd' | 'adamw';
  /** One a query, as they were drawn. */
  directions: readonly Direction[];
  /** c_i / q as applied: clipped, and for the noise control with the coin's sign. */
  scalars: readonly number[];
  /** eta_ZO times the schedule's factor. */
  rate: number;
}

/** The update that coefficients along directions lead to. */
export function zoUpdate(
  s: StepSettings,
  directions: readonly Direction[],
  coefficients: readonly number[],
  rate: number,
): ZOUpdate {
  const coins = new Float32Array(coefficients.length);
  if (s.updateZO === 'noise') {
    const { seed, step } = directions[0]!;
    fillNoise(coins, { seed, step, query: 0xffffffff, tensor: 0xffffffff }, 'rademacher');
  }
  const scalars = coefficients.map((c, i) => {
    const cut = Math.max(-s.clipCoefficient, Math.min(s.clipCoefficient, c));
    return (s.updateZO === 'noise' ? coins[i]! * Math.abs(cut) : cut) / coefficients.length;
  });
  return { by: s.updateZO === 'adamw' ? 'adamw' : 'sgd', directions, scalars, rate };
}

/** The value of `p` after the update, which its moments follow where it has them; the same with and without `kept`. It belongs to the caller. */
export function moveZO(
  engine: Engine,
  optimizer: AdamW,
  p: Parameter,
  w: Tensor,
  { by, directions, scalars, rate }: ZOUpdate,
  kept?: KeptParts,
): Tensor {
  const terms = (scale: number) => directions.map((u, i) => ({ u, coefficient: scale * scalars[i]! }));
  if (by === 'sgd') return combine(engine, w, p, terms(-rate), kept);
  const zeros = tf.zerosLike(w);
  let estimate: Tensor;
  try {
    estimate = combine(engine, zeros, p, terms(1), kept);
  } finally {
    zeros.dispose();
  }
  try {
    const next = optimizer.propose(p, w, estimate, rate);
    next.commit();
    return next.w;
  } finally {
    estimate.dispose();
  }
}
