import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { tf } from '../engine/tf.ts';
import type { DeviceBatch } from './batch.ts';
import type { Decoder, Pass } from './decoder.ts';
import type { Weights } from './parameters.ts';

/**
 * A batch without the rows that no supervised position can see: padding and what follows the last target are left out of every
 * product, and after the last attention only supervised rows go on. Losses are those of the batch to rounding; there are no
 * gradients. Dispose it after use; the batch must live as long.
 */
export class PackedBatch {
  /** Token ids of the rows that count [M], and their learned places. */
  readonly ids: Tensor1D;
  readonly places: Tensor1D | undefined;
  /** Target tokens, and 0..n-1: in the end every row is supervised. */
  readonly targets: Tensor1D;
  readonly positions: Tensor1D;
  /** Place of each packed row in the batch [M], and for each row of the batch a packed row [B*T] (any, where it does not count). */
  readonly #rows: Tensor1D;
  readonly #spread: Tensor1D;
  /** Packed rows of the supervised positions [n]. */
  readonly #supervised: Tensor1D;

  private constructor(
    private readonly batch: DeviceBatch,
    positions: ArrayLike<number>,
  ) {
    const { length } = batch;
    const ends = new Int32Array(batch.batch);
    for (const p of Array.from(positions)) {
      const row = Math.floor(p / length);
      ends[row] = Math.max(ends[row]!, (p % length) + 1);
    }
    const rows = [...ends].flatMap((end, b) => Array.from({ length: end }, (_, t) => b * length + t));
    const spread = new Int32Array(batch.batch * length);
    rows.forEach((row, i) => (spread[row] = i));
    const int = (values: ArrayLike<number>) => tf.tensor1d(Int32Array.from(Array.from(values)), 'int32');
    this.#rows = int(rows);
    this.#spread = int(spread);
    this.#supervised = int(Array.from(positions, (p) => spread[p]!));
    this.positions = int(Array.from(positions, (_, i) => i));
    this.targets = batch.targets;
    this.ids = tf.gather(batch.ids, this.#rows);
    this.places = batch.places && tf.gather(batch.places, this.#rows);
  }

  static async of(batch: DeviceBatch): Promise<PackedBatch> {
    return new PackedBatch(batch, await batch.positions.data());
  }

  /** A pass over these rows. */
  pass(model: Decoder, weights: Weights): Pass {
    const { ops } = model.engine;
    const { batch } = this;
    const last = model.config.layers - 1;
    const attend: Pass['attend'] = (l, ...qkv) => {
      const [q, k, v] = qkv.map((x) => ops.embed(x, this.#spread)) as [Tensor2D, Tensor2D, Tensor2D];
      const shape = model.attentionShape(l, batch.batch, batch.length);
      const mixed = ops.attention(q, k, v, shape, batch.attention);
      return ops.embed(mixed, l === last ? batch.positions : this.#rows);
    };
    const onward: Pass['onward'] = (l, h) => (l === last ? ops.embed(h, this.#supervised) : h);
    return { weights, ids: this.ids, places: this.places, attend, onward };
  }

  dispose(): void {
    tf.dispose([this.ids, this.positions, this.#rows, this.#spread, this.#supervised]);
    this.places?.dispose();
  }
}
