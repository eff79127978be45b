import { ConfigError } from '../errors.ts';
import {
  collate,
  encodeExample,
  Sampler,
  type EncodedExample,
  type Example,
  type Task,
  type Tokenizer,
} from '../data/index.ts';
import type { TokenBatch } from '../model/index.ts';

/** Turns a task's training examples into batches, as a pure function of (seed, step). */
export class BatchSource {
  readonly #sampler: Sampler;
  readonly #encoded = new Map<number, EncodedExample>();

  constructor(
    readonly task: Task,
    readonly tokenizer: Tokenizer,
    readonly size: number,
    readonly maxLength: number,
    seed: number,
  ) {
    if (task.train.length === 0) {
      throw new ConfigError(`Task ${task.name} has no training example. Check the file or the split.`);
    }
    this.#sampler = new Sampler(task.train.length, size, seed);
  }

  /** The batch of a training step, from 0. */
  at(step: number): TokenBatch {
    return this.#collate(
      this.#sampler.batchAt(step).map((i) => {
        const known = this.#encoded.get(i) ?? this.#encode(this.task.train[i]!);
        this.#encoded.set(i, known);
        return known;
      }),
    );
  }

  /** Any examples as one batch. */
  of(examples: readonly Example[]): TokenBatch {
    return this.#collate(examples.map((e) => this.#encode(e)));
  }

  #encode(example: Example): EncodedExample {
    return encodeExample(this.tokenizer, example, this.maxLength);
  }

  #collate(rows: readonly EncodedExample[]): TokenBatch {
    return collate(rows, { pad: this.tokenizer.pad, maxLength: this.maxLength });
  }
}
