import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import type { Ops } from '../../engine/engine.ts';
import { tf } from '../../engine/tf.ts';

/**
 * Where the rows of a prefix and of a batch stand when attention takes both as one sequence: the prefix of `tokens` rows
 * before each text. Attention over longer sequences is then all that a prefix needs: causal order lets every token look
 * at the prefix, and what its own rows would be is left out. Dispose it after use.
 */
export class PrefixRows {
  /** Row of [prefix; batch] in each place of the long sequences, [batch * (tokens + length)]. */
  readonly #spread: Tensor1D;
  /** Place of each row of the batch in the long sequences, [batch * length]. */
  readonly #text: Tensor1D;

  constructor(
    readonly tokens: number,
    batch: number,
    private readonly length: number,
  ) {
    const all = tokens + length;
    const spread = Int32Array.from({ length: batch * all }, (_, i) => {
      const at = i % all;
      return at < tokens ? at : tokens + Math.floor(i / all) * length + at - tokens;
    });
    const text = Int32Array.from({ length: batch * length }, (_, i) => this.placeOf(i));
    const both = () => [tf.tensor1d(spread, 'int32'), tf.tensor1d(text, 'int32')] as [Tensor1D, Tensor1D];
    [this.#spread, this.#text] = tf.tidy(both);
  }

  /** Place in the long sequences of a place in the batch. */
  placeOf(place: number): number {
    const { tokens, length } = this;
    return Math.floor(place / length) * (tokens + length) + tokens + (place % length);
  }

  /** Rows of the batch [batch * length, width] after those of the prefix [tokens, width], sequence by sequence. */
  join(ops: Ops, prefix: Tensor2D, x: Tensor2D): Tensor2D {
    return ops.embed(tf.concat([prefix, x], 0), this.#spread);
  }

  /** The batch's rows of a result. */
  textOf(ops: Ops, x: Tensor2D): Tensor2D {
    return ops.embed(x, this.#text);
  }

  dispose(): void {
    tf.dispose([this.#spread, this.#text]);
  }
}
