import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { tf } from '../engine/tf.ts';
import type { DeviceBatch } from './batch.ts';
import type { Decoder, Pass } from './decoder.ts';
import type { Weights } from './parameters.ts';

/**
 * A batch without the rows that a loss can do without, so that no product is made for them: padding, what follows the last target, and
 * beginnings that an earlier sequence has too (what stands before a token is all that its states depend on). After the last layer's
 * keys and values only supervised rows go on. Losses are those of the batch to rounding; there are no gradients. Dispose it after use;
 * the batch must live as long.
 */
export class PackedBatch {
  /** Token ids of the rows that count [M], and their learned places. */
  readonly ids: Tensor1D;
  readonly places: Tensor1D | undefined;
  /** Target tokens and what they are chosen among, and 0..n-1: in the end every row is supervised. */
  readonly targets: Tensor1D;
  readonly candidates: Tensor1D | undefined;
  readonly positions: Tensor1D;
  /** Place of each packed row in the batch [M], and of each supervised one [n]. */
  readonly #rows: Int32Array;
  readonly #supervisedAt: Int32Array;
  /** For each place of the batch its packed row [B*T] (any, where it does not count), and for each supervised position [n]. */
  readonly #spread: Tensor1D;
  readonly #supervised: Tensor1D;

  private constructor(
    private readonly batch: DeviceBatch,
    ids: Int32Array,
    positions: Int32Array,
  ) {
    const { rows, spread } = distinctRows(ids, batch.length, positions);
    this.#rows = rows;
    this.#supervisedAt = positions;
    this.targets = batch.targets;
    this.candidates = batch.candidates;
    const made = tf.tidy(() => ({
      spread: tf.tensor1d(spread, 'int32'),
      supervised: tf.tensor1d(positions.map((p) => spread[p]!), 'int32'), // prettier-ignore
      positions: tf.tensor1d(positions.map((_, i) => i), 'int32'), // prettier-ignore
      ids: tf.gather(batch.ids, rows),
      places: batch.places && tf.gather(batch.places, rows),
    }));
    this.#spread = made.spread;
    this.#supervised = made.supervised;
    this.positions = made.positions;
    this.ids = made.ids;
    this.places = made.places;
  }

  static async of(batch: DeviceBatch): Promise<PackedBatch> {
    const [ids, positions] = await Promise.all([batch.ids.data(), batch.positions.data()]);
    return new PackedBatch(batch, Int32Array.from(ids), Int32Array.from(positions));
  }

  /** Rows that go through the layers. */
  get size(): number {
    return this.#rows.length;
  }

  /** A pass over these rows. */
  pass(model: Decoder, weights: Weights): Pass {
    const { ops } = model.engine;
    const { batch } = this;
    const last = model.config.layers - 1;
    const attend: Pass['attend'] = (l, q, k, v) => {
      const [keys, values] = [ops.embed(k, this.#spread), ops.embed(v, this.#spread)];
      const places = l === last ? this.#supervisedAt : this.#rows;
      return model.attendAt(places, weights, batch, l, q, keys, values);
    };
    const onward: Pass['onward'] = (l, h) => (l === last ? ops.embed(h, this.#supervised) : h);
    return { weights, ids: this.ids, places: this.places, attend, onward };
  }

  /** Rows of the batch's states [B*T, D] -> [M, D]; they belong to the caller. */
  pack(states: Tensor2D): Tensor2D {
    return tf.tidy(() => tf.keep(tf.gather(states, tf.tensor1d(this.#rows, 'int32'))));
  }

  dispose(): void {
    tf.dispose([this.ids, this.positions, this.#spread, this.#supervised]);
    this.places?.dispose();
  }
}

/**
 * Places of a batch that a supervised position sees, each beginning of a sequence once, in ascending order; and for each place the
 * index of the one that stands for it.
 */
function distinctRows(
  ids: Int32Array,
  length: number,
  positions: Int32Array,
): { rows: Int32Array; spread: Int32Array } {
  const ends = new Int32Array(ids.length / length);
  for (const p of positions) {
    const sequence = Math.floor(p / length);
    ends[sequence] = Math.max(ends[sequence]!, (p % length) + 1);
  }
  const rows: number[] = [];
  const spread = new Int32Array(ids.length);
  const known = new Map<string, number>(); // by the row before and the token
  ends.forEach((end, sequence) => {
    let row = -1;
    for (let place = sequence * length; place < sequence * length + end; place++) {
      const key = `${row} ${ids[place]!}`;
      row = known.get(key) ?? rows.push(place) - 1;
      known.set(key, row);
      spread[place] = row;
    }
  });
  return { rows: Int32Array.from(rows), spread };
}
