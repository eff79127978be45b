import { ConfigError } from '../errors.ts';
import { Random } from './random.ts';

/** The order of `count` examples in one epoch: a permutation that depends on (seed, epoch) alone. */
export function epochOrder(count: number, seed: number, epoch: number): number[] {
  const all = Array.from({ length: count }, (_, i) => i);
  return new Random('order', seed, epoch).shuffle(all);
}

/**
 * Which examples each step trains on. Epochs follow one another without a gap, so a batch may reach into the next one.
 * `batchAt` is a pure function of the step: a resumed run goes on as if it had never stopped.
 */
export class Sampler {
  private readonly cache = new Map<number, number[]>();

  /** Throws ConfigError unless there is an example and the batch holds at least one. */
  constructor(
    readonly count: number,
    readonly batch: number,
    readonly seed: number,
  ) {
    if (!Number.isInteger(count) || count < 1) {
      throw new ConfigError(`There are ${count} training examples; a run needs at least one.`);
    }
    if (!Number.isInteger(batch) || batch < 1) {
      throw new ConfigError(`batchSize is ${batch}; give a whole number from 1 on.`);
    }
  }

  /** Indices of the examples of a step, counted from 0. */
  batchAt(step: number): number[] {
    return Array.from({ length: this.batch }, (_, i) => {
      const drawn = step * this.batch + i;
      return this.order(Math.floor(drawn / this.count))[drawn % this.count]!;
    });
  }

  private order(epoch: number): number[] {
    let order = this.cache.get(epoch);
    if (!order) {
      if (this.cache.size > 1) this.cache.clear();
      order = epochOrder(this.count, this.seed, epoch);
      this.cache.set(epoch, order);
    }
    return order;
  }
}
