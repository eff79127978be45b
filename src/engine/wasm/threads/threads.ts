import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { EngineError } from '../../../errors.ts';
import { packageRoot } from '../../../package-root.ts';
import {
  ARGUMENTS,
  BUSY,
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
/** More threads wait for memory more than they compute. */
const MOST = 64;
/** A call that takes longer than this, in ms, was lost with its thread. */
const LOST = 120_000;

/**
 * Runs calls of kernels on several threads over one heap. The main thread takes part and takes what no other has taken, so a
 * worker that is slow to start or to wake costs nothing. What a call computes does not depend on who makes it.
 */
export class Threads {
  readonly #data: Omit<WorkerData, 'kernels' | 'noise' | 'memory'>;
  readonly #names: string[] = [];
  #job = 0;
  #count = 1;
  /** A job was begun and not ended: whoever stopped the cell ended the main thread in its midst. */
  #open = false;

  /** @param most - threads in all, this one included */
  constructor(
    private readonly site: Site,
    most: number,
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
    for (; this.#count < Math.min(most, MOST); this.#count++) {
      const workerData: WorkerData = { ...this.#data, kernels, noise, memory, scratch: site.scratch() };
      const file = join(packageRoot(), 'dist', 'kernels', 'worker.mjs');
      try {
        // Without the flags of this process, which may be for its own module. It may end while they sleep.
        const worker = new Worker(file, { workerData, execArgv: [] });
        worker.on('error', () => undefined); // one that does not start takes no call; the others take them all
        worker.unref();
      } catch {
        break; // the system gives no more threads
      }
    }
  }

  /** Threads in all, this one included. */
  get count(): number {
    return this.#count;
  }

  /**
   * Makes each of `calls` of one kernel, in any order and at the same time; they must not write to the same place.
   * With `scratch` a scratch is added to the arguments.
   * @returns what each call returned
   */
  run(name: string, calls: readonly (readonly number[])[], scratch = false): number[] {
    const { control, calls: to, results } = this.#data;
    if (this.#open) this.#settle();
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
    this.#open = true;
    this.#post(calls.length);
    work(this.#data, this.site.here);
    this.#join(calls.length);
    this.#open = false;
    return Array.from(results.subarray(0, calls.length));
  }

  #post(calls: number): void {
    const { control } = this.#data;
    this.#job = (this.#job + 1) & 0xffff;
    Atomics.store(control, TICKET, ticket(this.#job, calls));
    Atomics.notify(control, TICKET);
  }

  #join(calls: number): void {
    const { control } = this.#data;
    let done = 0;
    for (let i = 0; done < calls; i++) {
      done = Atomics.load(control, DONE);
      if (done < calls && i > SPINS && Atomics.wait(control, DONE, done, LOST) === 'timed-out') {
        throw new EngineError(
          'A thread of the wasm engine was lost in the midst of a call. Start the process anew.',
        );
      }
    }
    if (Atomics.exchange(control, FAILED, 0)) {
      this.#open = false;
      throw new EngineError('A wasm kernel failed in a thread: this is a bug in hi-zfo, please report it.');
    }
  }

  /** Takes back a job that was left in its midst, and waits for the workers that are still at it. */
  #settle(): void {
    const { control } = this.#data;
    this.#post(0);
    for (let busy = 1; busy > 0;) {
      busy = Atomics.load(control, BUSY);
      if (busy > 0 && Atomics.wait(control, BUSY, busy, LOST) === 'timed-out') break;
    }
    Atomics.store(control, FAILED, 0);
    this.#open = false;
  }
}
