import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { EngineError } from '../../../errors.ts';
import { packageRoot } from '../../../package-root.ts';
import {
  ARGUMENTS,
  CALLS,
  CONTROL_WORDS,
  DONE,
  FAILED,
  KERNEL,
  ticket,
  TICKET,
  work,
  type WorkerData,
} from './protocol.ts';

type Kernel = (...args: number[]) => number | undefined;

/** What the threads share: the compiled kernels, the heap, and how each gets a scratch of its own. */
export interface Site extends Pick<WorkerData, 'kernels' | 'noise' | 'memory'> {
  /** The kernels of this thread. */
  here: Record<string, Kernel>;
  /** A new scratch on the heap. */
  scratch: () => number;
}

/** How often the main thread looks whether the others are done before it sleeps. */
const SPINS = 20_000;

/**
 * Runs calls of kernels on several threads over one heap. The main thread takes part and takes what no other has taken, so a
 * worker that is slow to start or to wake costs nothing. What a call computes does not depend on who makes it.
 */
export class Threads {
  readonly #data: Omit<WorkerData, 'kernels' | 'noise' | 'memory'>;
  readonly #names: string[] = [];
  #job = 0;

  constructor(
    private readonly site: Site,
    /** Threads in all, this one included. */
    readonly count: number,
  ) {
    const shared = (bytes: number) => new SharedArrayBuffer(bytes);
    this.#names = Object.keys(site.here);
    this.#data = {
      names: this.#names,
      control: new Int32Array(shared(4 * CONTROL_WORDS)),
      calls: new Float64Array(shared(8 * CALLS * ARGUMENTS)),
      results: new Float64Array(shared(8 * CALLS)),
      scratch: site.scratch(),
    };
    const { kernels, noise, memory } = site;
    for (let i = 1; i < count; i++) {
      const workerData: WorkerData = { ...this.#data, kernels, noise, memory, scratch: site.scratch() };
      // The process may end while they sleep.
      new Worker(join(packageRoot(), 'dist', 'kernels', 'worker.mjs'), { workerData }).unref();
    }
  }

  /**
   * Makes each of `calls` of one kernel, in any order and at the same time; they must not write to the same place.
   * With `scratch` a scratch is added to the arguments.
   * @returns what each call returned
   */
  run(name: string, calls: readonly (readonly number[])[], scratch = false): number[] {
    const { control, calls: to, results } = this.#data;
    if (this.count === 1 || calls.length === 1) {
      const kernel = this.site.here[name]!;
      return calls.map((args) => (scratch ? kernel(...args, this.#data.scratch) : kernel(...args)) ?? 0);
    }
    calls.forEach((args, i) => {
      to[i * ARGUMENTS] = scratch ? -args.length : args.length;
      to.set(args, i * ARGUMENTS + 1);
    });
    control[KERNEL] = this.#names.indexOf(name);
    Atomics.store(control, DONE, 0);
    this.#job = (this.#job + 1) & 0xffff;
    Atomics.store(control, TICKET, ticket(this.#job, calls.length));
    Atomics.notify(control, TICKET);
    work(this.#data, this.site.here);
    this.#join(calls.length);
    return Array.from(results.subarray(0, calls.length));
  }

  #join(calls: number): void {
    const { control } = this.#data;
    for (let i = 0, done = 0; done < calls; i++) {
      done = Atomics.load(control, DONE);
      if (done < calls && i > SPINS) Atomics.wait(control, DONE, done);
    }
    if (Atomics.exchange(control, FAILED, 0))
      throw new EngineError('A wasm kernel failed in a thread: this is a bug in hi-zfo, please report it.');
  }
}
