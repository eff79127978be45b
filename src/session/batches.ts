import { createHash } from 'node:crypto';
import { ConfigError } from '../errors.ts';
import {
  collate,
  encodeExample,
  encodeIfFits,
  Sampler,
  type EncodedExample,
  type Example,
  type Task,
  type Tokenizer,
} from '../data/index.ts';
import type { TokenBatch } from '../model/index.ts';
import type { RunSource } from './source.ts';

/**
 * Turns a task's training examples into batches, as a pure function of (seed, step). Examples whose completion does not
 * fit `maxLength` are left out from the start, so that no step can fail on one; `leftOut` counts them.
 */
export class BatchSource implements RunSource {
  /** Held-out examples that fit. */
  readonly test: readonly Example[];
  /** Examples to choose settings by that fit; none for a task that has none. */
  readonly validation: readonly Example[];
  /** Training and held-out examples that do not fit. */
  readonly leftOut: number;
  readonly #train: readonly EncodedExample[];
  readonly #sampler: Sampler;
  #digest: string | undefined;

  constructor(
    readonly task: Task,
    readonly tokenizer: Tokenizer,
    /** Examples a batch. */
    readonly size: number,
    /** Tokens an example at most. */
    readonly maxLength: number,
    seed: number,
  ) {
    if (!Number.isSafeInteger(maxLength) || maxLength < 2) {
      throw new ConfigError(`maxLength is ${maxLength}; it must be a whole number of at least 2.`);
    }
    const encoded = (e: Example) => encodeIfFits(tokenizer, e, maxLength);
    this.#train = task.train.map(encoded).filter((e): e is EncodedExample => e !== undefined);
    this.test = task.test.filter(encoded);
    this.validation = (task.validation ?? []).filter(encoded);
    this.leftOut = task.train.length + task.test.length - this.#train.length - this.test.length;
    if (this.#train.length === 0) {
      const why = task.train.length ? `no completion fits maxLength ${maxLength}` : 'the task is empty';
      throw new ConfigError(`Task ${task.name} has nothing to train on: ${why}.`);
    }
    this.#sampler = new Sampler(this.#train.length, size, seed);
  }

  get name(): string {
    return this.task.name;
  }

  get title(): string {
    return `task ${this.task.name}`;
  }

  get notes(): string[] {
    const { leftOut, maxLength, task } = this;
    const cut = `${leftOut} examples left out: completion longer than ${maxLength} tokens`;
    return [...(leftOut > 0 ? [cut] : []), ...(task.notes ?? [])];
  }

  /** The batch of a training step, from 0. */
  at(step: number): TokenBatch {
    return this.#collate(this.#sampler.batchAt(step).map((i) => this.#train[i]!));
  }

  /** SHA-256 of what there is to train on, as tokens, and to hold out: tells whether another source is the same. */
  get digest(): string {
    if (this.#digest === undefined) {
      const hash = createHash('sha256');
      for (const example of [...this.#train, ...this.test]) hash.update(JSON.stringify(example) + '\n');
      this.#digest = hash.digest('hex');
    }
    return this.#digest;
  }

  /** Any examples as one batch. */
  of(examples: readonly Example[]): TokenBatch {
    return this.#collate(examples.map((e) => encodeExample(this.tokenizer, e, this.maxLength)));
  }

  #collate(rows: readonly EncodedExample[]): TokenBatch {
    return collate(rows, { pad: this.tokenizer.pad, maxLength: this.maxLength });
  }
}
