import type { Tensor } from '@tensorflow/tfjs';
import type { Engine } from '../engine/engine.ts';
import type { Distribution, NoiseKey } from '../noise/index.ts';
import type { Parameter, ParameterStore, Weights } from '../model/parameters.ts';
import { tensorId } from '../noise/index.ts';

/**
 * One ZO direction u over a set of tensors. It is never stored: every use draws it again from its key, and a tensor's
 * part depends on (seed, step, query, tensor) alone, not on the partition, the order or the engine.
 */
export interface Direction {
  seed: number;
  step: number;
  query: number;
  law: Distribution;
}

/** The key of a tensor's part of a direction. */
export function keyOf(u: Direction, p: Parameter): NoiseKey {
  return { seed: u.seed, step: u.step, query: u.query, tensor: tensorId(p.name) };
}

/** A view of the weights in which the tensors of `moved` are w + scale * u and all others are as stored. */
export function perturbedWeights(
  engine: Engine,
  store: ParameterStore,
  moved: ReadonlySet<Parameter>,
  u: Direction,
  scale: number,
): Weights {
  return (p) => {
    const w = store.get(p);
    return moved.has(p) ? engine.ops.perturb(w, scale, keyOf(u, p), u.law) : w;
  };
}

/** A tensor of the estimate g = sum_i c_i u_i, made one direction at a time. It belongs to the caller. */
export function combine(
  engine: Engine,
  from: Tensor,
  p: Parameter,
  terms: readonly { coefficient: number; u: Direction }[],
): Tensor {
  let sum = from;
  for (const { coefficient, u } of terms) {
    const next = engine.ops.perturb(sum, coefficient, keyOf(u, p), u.law);
    if (sum !== from) sum.dispose();
    sum = next;
  }
  return sum === from ? from.clone() : sum;
}
