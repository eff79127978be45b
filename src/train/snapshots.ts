import { totalmem } from 'node:os';
import { inspect } from 'node:util';
import { ConfigError } from '../errors.ts';
import type { Parameter } from '../model/index.ts';
import type { MomentState } from '../optimize/index.ts';
import { checkOptions, type Names } from '../options.ts';

/** A tensor's value and moments at the beginning of a step, on the host. */
export interface TensorState {
  w: Float32Array;
  moments: MomentState | undefined;
}

/** How much is kept for going back. */
export interface SnapshotOptions {
  /** Steps between two snapshots; defaults to 10. 0 keeps none. */
  every?: number;
  /** Bytes that all of them may take; defaults to 256 MiB, or a sixteenth of the machine's memory if that is less. */
  bytes?: number;
}

const names = { every: true, bytes: true } satisfies Names<SnapshotOptions>;

const MIB = 2 ** 20;

/** Fills in defaults and checks names and ranges; throws ConfigError. */
export function snapshotSettings(options: SnapshotOptions = {}): Required<SnapshotOptions> {
  checkOptions('snapshots', options, names);
  const { every = 10, bytes = Math.min(256 * MIB, totalmem() / 16) } = options;
  if (!Number.isSafeInteger(every) || every < 0) {
    throw new ConfigError(`A snapshot every ${inspect(every)} steps? Give a whole number, 0 for none.`);
  }
  if (!(typeof bytes === 'number' && bytes >= 0)) {
    throw new ConfigError(`Snapshots of ${inspect(bytes)} bytes? Give a number of at least 0.`);
  }
  return { every, bytes };
}

/** In every n-th snapshot the ZO tensors are kept too, so that a long run need not be replayed from its beginning. */
const WHOLE = 10;

/**
 * Snapshots of the tensors that gradients have moved: what the seed log cannot rebuild. Those of ZO tensors alone could
 * all be left out; a few are kept to save time. When the budget is spent, the one that is missed least goes: that with
 * the smallest gap around it for its age, so that recent steps are covered densely and old ones sparsely.
 */
export class Snapshots {
  readonly #kept = new Map<number, ReadonlyMap<Parameter, TensorState>>();
  readonly #options: Required<SnapshotOptions>;
  #bytes = 0;

  constructor(options: SnapshotOptions = {}) {
    this.#options = snapshotSettings(options);
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Steps that have one, in order. */
  get steps(): number[] {
    return [...this.#kept.keys()];
  }

  /** Whether `step` gets one, and of what. */
  due(step: number): 'gradient' | 'all' | undefined {
    const { every, bytes } = this.#options;
    if (every === 0 || bytes === 0 || step === 0 || step % every !== 0) return undefined;
    return step % (every * WHOLE) === 0 ? 'all' : 'gradient';
  }

  at(step: number): ReadonlyMap<Parameter, TensorState> | undefined {
    return this.#kept.get(step);
  }

  /** Whether a snapshot of this size may be kept at all. */
  fits(bytes: number): boolean {
    return bytes <= this.#options.bytes;
  }

  /** Keeps a snapshot of a step after all others. */
  add(step: number, states: ReadonlyMap<Parameter, TensorState>): void {
    if (states.size === 0) return;
    this.#drop(step);
    this.#kept.set(step, states);
    this.#bytes += bytesOf(states);
    while (this.#bytes > this.#options.bytes) this.#drop(leastMissed(this.steps));
  }

  /** Forgets those after `step`. */
  cut(step: number): void {
    for (const at of this.steps) if (at > step) this.#drop(at);
  }

  #drop(step: number): void {
    const states = this.#kept.get(step);
    if (!states) return;
    this.#bytes -= bytesOf(states);
    this.#kept.delete(step);
  }
}

/** Bytes of a tensor's state. */
export function stateBytes(size: number, moments: boolean): number {
  return 4 * size * (moments ? 3 : 1);
}

function bytesOf(states: ReadonlyMap<Parameter, TensorState>): number {
  let sum = 0;
  for (const [p, { moments }] of states) sum += stateBytes(p.size, moments !== undefined);
  return sum;
}

/** The step whose neighbours lie closest for its age; the newest only when it is alone. */
export function leastMissed(steps: readonly number[]): number {
  const newest = steps.at(-1)!;
  let [least, best] = [newest, Infinity];
  for (const [i, step] of steps.slice(0, -1).entries()) {
    const gap = (steps[i + 1]! - (steps[i - 1] ?? 0)) / (newest - step);
    if (gap < best) [least, best] = [step, gap];
  }
  return least;
}
