import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Engine } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import { moved as movedAlong, type Direction } from '../estimate/index.ts';
import type { DeviceBatch } from '../model/batch.ts';
import { lossAndGradients } from '../model/gradients.ts';
import type { Decoder } from '../model/decoder.ts';
import type { Parameter, Weights } from '../model/parameters.ts';
import { PackedBatch } from '../model/packed.ts';
import { hiddenBefore, lossFrom } from '../model/segments.ts';

/** Puts a tensor elsewhere: from a parameter's stored value to a new tensor of its shape. */
export type Move = (p: Parameter, w: Tensor) => Tensor;

/** Loss and gradient at one place; the tensors belong to the caller. */
export interface LossAndGradient {
  loss: number;
  gradients: Map<Parameter, Tensor>;
}

/** A loss around fixed weights w: all that a measurement needs. Nothing here changes the weights. */
export interface Objective {
  readonly engine: Engine;
  /** The tensors that move. */
  readonly parameters: readonly Parameter[];
  /** Loss at w + scale * u. */
  loss(u: Direction, scale: number): Promise<number>;
  /** Loss at w and its true gradient, by backpropagation; or elsewhere. */
  gradient(move?: Move): Promise<LossAndGradient>;
  /** Loss at w, or elsewhere. */
  lossAt(move?: Move): Promise<number>;
  /** The stored tensor at w; not the caller's. */
  weight(p: Parameter): Tensor;
  /** Frees what was kept to be fast; it is made again when needed. Every measurement calls it at its end. */
  release?(): void;
}

/** The move along a direction. */
export function along(engine: Engine, u: Direction, scale: number): Move {
  return (p, w) => movedAlong(engine, w, p, u, scale);
}

/**
 * The loss of a model on one batch, moved along some of its tensors. The blocks below the first moved one run once and their
 * states are kept, until `release` or until a weight below was replaced; rows that no supervised position sees are left out.
 */
export function modelObjective(
  model: Decoder,
  batch: DeviceBatch,
  parameters: readonly Parameter[],
): Objective {
  const { engine, parameters: store } = model;
  const set = new Set(parameters);
  const first = Math.min(model.blocks, ...parameters.map((p) => model.blockOf(p)));
  const below = store.list.filter((p) => model.blockOf(p) < first);
  let kept: { batch: PackedBatch; states?: Tensor2D; made: Tensor[] } | undefined;

  const release = (): void => {
    kept?.batch.dispose();
    kept?.states?.dispose();
    kept = undefined;
  };
  const prepared = async (): Promise<NonNullable<typeof kept>> => {
    const made = below.map(store.get);
    if (kept?.made.every((t, i) => t === made[i])) return kept;
    const packed = await PackedBatch.of(batch);
    release(); // another call may have come first
    kept = { batch: packed, made };
    if (first > 0) kept.states = hiddenBefore(model, store.get, packed, first);
    return kept;
  };
  const view =
    (move: Move): Weights =>
    (p) =>
      set.has(p) ? move(p, store.get(p)) : store.get(p);

  const lossAt = async (move?: Move): Promise<number> => {
    const { batch: packed, states } = await prepared();
    return lossFrom(model, move ? view(move) : store.get, packed, first, states);
  };
  return {
    engine,
    parameters,
    lossAt,
    loss: (u, scale) => lossAt(along(engine, u, scale)),
    gradient: async (move) => {
      if (!move) return lossAndGradients(model, store.get, batch, parameters);
      // the tape needs the very tensors that it differentiates by
      const at = new Map<Parameter, Tensor>();
      try {
        for (const p of parameters) at.set(p, move(p, store.get(p)));
        return await lossAndGradients(model, (p) => at.get(p) ?? store.get(p), batch, parameters);
      } finally {
        tf.dispose([...at.values()]);
      }
    },
    weight: (p) => store.get(p),
    release,
  };
}
