import type { Tensor } from '@tensorflow/tfjs';
import { ConfigError } from '../errors.ts';
import { tf } from '../engine/tf.ts';
import type { DeviceBatch, TokenBatch } from './batch.ts';
import { Decoder } from './decoder.ts';
import { addShare, type LossAndGradients } from './gradients.ts';
import type { Parameter, Weights } from './parameters.ts';
import type { PassOptions, Prepared, Trainable } from './trainable.ts';

/**
 * The model with batches that run in pieces of `rows` rows, one after the other (micro-batches, gradient accumulation): what a piece
 * leaves for its backward pass is gone before the next one runs. Loss and gradients are those of the batch in one, but for the
 * rounding of sums; all pieces run under the same weights, so a perturbed pass has one direction. The model itself when `rows`
 * is Infinity.
 * @throws ConfigError for a model whose batches hi-zfo cannot cut
 */
export function inPieces<Batch>(model: Trainable<Batch>, rows: number): Trainable<Batch> {
  if (rows === Infinity) return model;
  if (!(model instanceof Decoder)) throw noRows();
  const { engine, parameters, blocks } = model;
  const pieces: Trainable<TokenBatch, Pieces> = {
    engine,
    parameters,
    blocks,
    prepare: (batch) => new Pieces(model, batch, rows),
    lossAndGradients: (weights, batch, wrt, options) => batch.lossAndGradients(weights, wrt, options),
    dispose: () => model.dispose(),
  };
  return pieces as Trainable<unknown>;
}

/** What to say where batches are to run in pieces and hi-zfo does not know what is in them. */
export function noRows(): ConfigError {
  return new ConfigError(
    'The batches of a model of your own cannot be cut into pieces: their loss is yours. Leave microBatch out; a smaller batch ' +
      'needs less memory.',
  );
}

/**
 * A batch in pieces of `rows` rows, the last one smaller where they do not come out even. A piece without a supervised token
 * is left out: it adds nothing to the loss.
 */
export function cutRows(batch: TokenBatch, rows: number): TokenBatch[] {
  const { ids, length, positions, targets } = batch;
  const pieces: TokenBatch[] = [];
  for (let first = 0; first < batch.batch; first += rows) {
    const count = Math.min(rows, batch.batch - first);
    const [from, to] = [first * length, (first + count) * length];
    const inside = (_: number, i: number) => positions[i]! >= from && positions[i]! < to;
    const own = positions.filter(inside).map((at) => at - from);
    if (own.length === 0) continue;
    const cut = {
      ids: ids.subarray(from, to),
      batch: count,
      positions: own,
      targets: targets.filter(inside),
    };
    pieces.push({ ...batch, ...cut });
  }
  return pieces;
}

/** A batch on the engine in pieces. */
class Pieces implements Prepared {
  readonly batch: number;
  readonly length: number;
  readonly supervised: number;
  readonly #pieces: DeviceBatch[] = [];

  constructor(
    private readonly model: Decoder,
    batch: TokenBatch,
    rows: number,
  ) {
    this.batch = batch.batch;
    this.length = batch.length;
    this.supervised = batch.targets.length;
    const pieces = cutRows(batch, rows);
    try {
      // a batch that supervises nothing is refused as ever
      for (const piece of pieces.length > 0 ? pieces : [batch]) this.#pieces.push(model.prepare(piece));
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  async lossAndGradients(
    weights: Weights,
    wrt: readonly Parameter[],
    options?: PassOptions,
  ): Promise<LossAndGradients> {
    const gradients = new Map<Parameter, Tensor>();
    let loss = 0;
    try {
      for (const piece of this.#pieces) {
        const share = piece.supervised / this.supervised;
        const found = await this.model.lossAndGradients(weights, piece, wrt, options);
        loss += share * found.loss;
        addShare(this.model, gradients, found.gradients, share);
      }
      return { loss, gradients };
    } catch (error) {
      tf.dispose([...gradients.values()]);
      throw error;
    }
  }

  dispose(): void {
    for (const piece of this.#pieces) piece.dispose();
  }
}
