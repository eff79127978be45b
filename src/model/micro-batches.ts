import type { Tensor } from '@tensorflow/tfjs';
import { ConfigError } from '../errors.ts';
import { tf } from '../engine/tf.ts';
import type { TokenBatch } from './batch.ts';
import type { LossAndGradients } from './gradients.ts';
import type { Parameter, Weights } from './parameters.ts';
import type { Prepared, Trainable } from './trainable.ts';

/** A piece of a batch, on the engine. */
export interface MicroBatch<OnEngine extends Prepared = Prepared> {
  batch: OnEngine;
  /** Its share of the whole batch's supervised tokens; the shares of all pieces add up to 1. */
  share: number;
}

/**
 * Cuts a batch into pieces of `rows` rows, the last one smaller where they do not come out even. Rows without a supervised token
 * in a piece of their own are left out: they add nothing to the loss.
 */
export function cutRows(batch: TokenBatch, rows: number): TokenBatch[] {
  if (!Number.isSafeInteger(rows) || rows < 1)
    throw new ConfigError(`microBatch is ${rows}; give a whole number of rows from 1 on.`);
  if (rows >= batch.batch) return [batch];
  const { ids, length, positions, targets, candidates } = batch;
  const pieces: TokenBatch[] = [];
  for (let first = 0; first < batch.batch; first += rows) {
    const count = Math.min(rows, batch.batch - first);
    const [from, to] = [first * length, (first + count) * length];
    const inside = (_: number, i: number) => positions[i]! >= from && positions[i]! < to;
    const own = positions.filter(inside);
    if (own.length === 0) continue;
    pieces.push({
      ids: ids.subarray(from, to),
      batch: count,
      length,
      positions: own.map((at) => at - from),
      targets: targets.filter(inside),
      ...(candidates && { candidates }),
    });
  }
  return pieces;
}

/** Pieces of at most `rows` rows on the engine; one when `rows` is undefined. Dispose their batches after use. */
export async function prepareMicroBatches<OnEngine extends Prepared>(
  model: Trainable<TokenBatch, OnEngine>,
  batch: TokenBatch,
  rows: number | undefined,
): Promise<MicroBatch<OnEngine>[]> {
  const prepared: MicroBatch<OnEngine>[] = [];
  try {
    for (const piece of rows === undefined ? [batch] : cutRows(batch, rows)) {
      const share = piece.targets.length / batch.targets.length;
      prepared.push({ batch: await model.prepare(piece), share });
    }
    return prepared;
  } catch (error) {
    prepared.forEach((piece) => piece.batch.dispose());
    throw error;
  }
}

/**
 * Loss of a whole batch and its gradient, piece by piece (gradient accumulation): what a piece leaves for its backward pass is gone before
 * the next one runs. The loss is the mean over all supervised tokens, as for the batch in one; the sums round differently.
 * Every piece runs under the same `weights`, so a perturbed pass has one direction. Nothing is left behind when it throws.
 */
export async function lossAndGradientsOver<OnEngine extends Prepared>(
  model: Trainable<never, OnEngine>,
  weights: Weights,
  pieces: readonly MicroBatch<OnEngine>[],
  wrt: readonly Parameter[],
): Promise<LossAndGradients> {
  if (pieces.length === 1) return model.lossAndGradients(weights, pieces[0]!.batch, wrt);
  const gradients = new Map<Parameter, Tensor>();
  let loss = 0;
  try {
    for (const { batch, share } of pieces) {
      const piece = await model.lossAndGradients(weights, batch, wrt);
      loss += share * piece.loss;
      addShare(model, gradients, piece.gradients, share);
    }
    return { loss, gradients };
  } catch (error) {
    tf.dispose([...gradients.values()]);
    throw error;
  }
}

/** sum += share * more, tensor by tensor; `more` is used up, also when it throws. */
export function addShare(
  model: Pick<Trainable<never, never>, 'engine'>,
  sum: Map<Parameter, Tensor>,
  more: Map<Parameter, Tensor>,
  share: number,
): void {
  try {
    for (const [p, x] of more) {
      const before = sum.get(p);
      sum.set(p, before ? model.engine.ops.addScaled(before, x, share) : tf.mul(x, share));
      before?.dispose();
      x.dispose(); // one by one: two whole sets never live together
    }
  } finally {
    tf.dispose([...more.values()]);
  }
}
