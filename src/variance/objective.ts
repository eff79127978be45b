import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Engine } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import { moved as movedAlong, type Direction } from '../estimate/index.ts';
import type { DeviceBatch } from '../model/batch.ts';
import { lossAndGradients } from '../model/gradients.ts';
import type { Decoder } from '../model/decoder.ts';
import type { Parameter, Weights } from '../model/parameters.ts';
import { PackedBatch } from '../model/packed.ts';
import type { PassOptions } from '../model/trainable.ts';
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

/** The lowest block that moving `parameters` changes; `model.blocks` when it is what follows the layers. */
function firstMoved(model: Decoder, parameters: readonly Parameter[]): number {
  return Math.min(model.blocks, ...parameters.map((p) => model.blockOf(p)));
}

/**
 * Hidden states [B*T, D] of a batch below the moved tensors, for several objectives on the same tokens; undefined when the embedding moves.
 * They hold as long as no weight below is replaced, and belong to the caller.
 */
export function statesBelow(
  model: Decoder,
  batch: DeviceBatch,
  parameters: readonly Parameter[],
): Tensor2D | undefined {
  const first = firstMoved(model, parameters);
  return first > 0 ? tf.keep(model.hidden(model.parameters.get, batch, 0, first)) : undefined;
}

/** What an objective keeps: made by the weights `made`, all losses from `packed` rows, gradients from `whole` batches. */
interface Kept {
  made: Tensor[];
  packed?: { batch: PackedBatch; states?: Tensor2D };
  whole?: Tensor2D;
}

/** Options of {@link modelObjective}. */
export interface ObjectiveOptions extends PassOptions {
  /** `statesBelow` of these tokens, when the caller has them. */
  below?: Tensor2D | undefined;
}

/**
 * The loss of a model on one batch, moved along some of its tensors. The blocks below the first moved one run once and their
 * states are kept, until `release` or until a weight below was replaced; for losses rows that no supervised position sees are left out.
 */
export function modelObjective(
  model: Decoder,
  batch: DeviceBatch,
  parameters: readonly Parameter[],
  { below, recompute = false }: ObjectiveOptions = {},
): Objective {
  const { engine, parameters: store } = model;
  const set = new Set(parameters);
  const first = firstMoved(model, parameters);
  const lower = store.list.filter((p) => model.blockOf(p) < first);
  let kept: Kept | undefined;

  const release = (): void => {
    kept?.packed?.batch.dispose();
    kept?.packed?.states?.dispose();
    kept?.whole?.dispose();
    kept = undefined;
  };
  const current = (): Kept => {
    const made = lower.map(store.get);
    if (kept?.made.every((t, i) => t === made[i])) return kept;
    release();
    return (kept = { made });
  };
  const forLosses = async (): Promise<NonNullable<Kept['packed']>> => {
    if (current().packed) return kept!.packed!;
    const packed = await PackedBatch.of(batch);
    const now = current();
    if (now.packed)
      packed.dispose(); // another call came first
    else {
      const whole = below ?? now.whole;
      now.packed = { batch: packed };
      if (first > 0)
        now.packed.states = whole ? packed.pack(whole) : hiddenBefore(model, store.get, packed, first);
    }
    return now.packed;
  };
  const forGradients = (): Tensor2D | undefined =>
    below ?? (first > 0 ? (current().whole ??= statesBelow(model, batch, parameters)!) : undefined);
  const view =
    (move: Move): Weights =>
    (p) =>
      set.has(p) ? move(p, store.get(p)) : store.get(p);

  const lossAt = async (move?: Move): Promise<number> => {
    const { batch: packed, states } = await forLosses();
    return lossFrom(model, move ? view(move) : store.get, packed, first, states);
  };
  return {
    engine,
    parameters,
    lossAt,
    loss: (u, scale) => lossAt(along(engine, u, scale)),
    gradient: async (move) => {
      const options = { below: forGradients(), recompute };
      if (!move) return lossAndGradients(model, store.get, batch, parameters, options);
      // the tape needs the very tensors that it differentiates by
      const at = new Map<Parameter, Tensor>();
      try {
        for (const p of parameters) at.set(p, move(p, store.get(p)));
        const there: Weights = (p) => at.get(p) ?? store.get(p);
        return await lossAndGradients(model, there, batch, parameters, options);
      } finally {
        tf.dispose([...at.values()]);
      }
    },
    weight: (p) => store.get(p),
    release,
  };
}
