import type { Tensor2D } from '@tensorflow/tfjs';
import { ConfigError } from '../errors.ts';
import { tf } from '../engine/tf.ts';
import { DeviceBatch } from './batch.ts';
import type { Decoder } from './decoder.ts';
import type { Weights } from './parameters.ts';

/** What a way of decoding needs of a model: rows that grow by a token at a time. `CachedForward` is one. */
export interface RowsForward {
  /** Logits [rows, V] of the token after each prompt. They belong to the caller. */
  start(): Tensor2D;
  /** Appends one token to every row; logits [rows, V] of the token after it. */
  next(ids: readonly number[]): Tensor2D;
  /** Row i from now on continues row `from[i]`. */
  select(from: readonly number[]): void;
  dispose(): void;
}

/** The same without a cache: every token runs all tokens before it again, by the forward pass that training uses. */
export class PlainForward implements RowsForward {
  #rows: (readonly number[])[];

  constructor(
    private readonly model: Decoder,
    prompts: readonly (readonly number[])[],
    private readonly options: { pad: number; weights?: Weights | undefined },
  ) {
    const empty = prompts.findIndex((p) => p.length === 0);
    if (empty >= 0) throw new ConfigError(`Prompt ${empty} is empty. Give each at least one token.`);
    this.#rows = [...prompts];
  }

  start(): Tensor2D {
    const { pad, weights = this.model.parameters.get } = this.options;
    const length = Math.max(...this.#rows.map((row) => row.length));
    const last = Int32Array.from(this.#rows, (row, b) => b * length + row.length - 1);
    const ids = this.#rows.flatMap((row) => [...row, ...Array<number>(length - row.length).fill(pad)]);
    const batch = new DeviceBatch(
      {
        ids: Int32Array.from(ids),
        batch: this.#rows.length,
        length,
        positions: last,
        targets: last.map(() => 0),
      },
      this.model.config,
    );
    try {
      return tf.tidy(() => {
        const h = this.model.hidden(weights, batch);
        return this.model.logits(weights, h, batch.positions);
      });
    } finally {
      batch.dispose();
    }
  }

  next(ids: readonly number[]): Tensor2D {
    this.#rows = this.#rows.map((row, b) => [...row, ids[b]!]);
    return this.start();
  }

  select(from: readonly number[]): void {
    this.#rows = from.map((b) => this.#rows[b]!);
  }

  dispose(): void {
    // it holds no tensors between tokens
  }
}
