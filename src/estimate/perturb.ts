import type { Tensor } from '@tensorflow/tfjs';
import type { Engine } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import type { Parameter, ParameterStore, Weights } from '../model/parameters.ts';
import { isLowRank, keyOf, lowRankPart, scaleOf, type Direction } from './direction.ts';
import type { KeptParts } from './kept-parts.ts';
import { baseLaw } from './law.ts';

/** w + scale * u of one tensor: a new tensor. The same bits with and without `kept`. */
export function moved<T extends Tensor>(
  engine: Engine,
  w: T,
  p: Parameter,
  u: Direction,
  scale: number,
  kept?: KeptParts,
): T {
  const part = kept?.of(u, p);
  if (part) return engine.ops.addScaled(w, part as T, isLowRank(u, p) ? scale : scale * scaleOf(u));
  if (!isLowRank(u, p)) return engine.ops.perturb(w, scale * scaleOf(u), keyOf(u, p), baseLaw(u.law));
  return tf.tidy(() => engine.ops.addScaled(w, lowRankPart(engine, u, p) as T, scale));
}

/** A view of the weights in which the tensors of `set` are w + scale * u and all others are as stored. */
export function perturbedWeights(
  engine: Engine,
  store: ParameterStore,
  set: ReadonlySet<Parameter>,
  u: Direction,
  scale: number,
  kept?: KeptParts,
): Weights {
  return (p) => {
    const w = store.get(p);
    return set.has(p) ? moved(engine, w, p, u, scale, kept) : w;
  };
}

/** A tensor of the estimate g = sum_i c_i u_i, made one direction at a time. It belongs to the caller. */
export function combine(
  engine: Engine,
  from: Tensor,
  p: Parameter,
  terms: readonly { coefficient: number; u: Direction }[],
  kept?: KeptParts,
): Tensor {
  let sum = from;
  for (const { coefficient, u } of terms) {
    const last = sum;
    try {
      sum = moved(engine, last, p, u, coefficient, kept);
    } finally {
      if (last !== from) last.dispose();
    }
  }
  return sum === from ? from.clone() : sum;
}
