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
  kernelSets,
  SET,
  ticket,
  TICKET,
  WANTED,
  work,
  type Jobs,
  type Kernel,
  type WorkerData,
} from './protocol.ts';

/** What the threads share: the compiled kernels, the heap, and how each gets a scratch of its own. */
export interface Site extends Pick<WorkerData, 'modules' | 'memory'> {
  /** A new scratch on the heap, large enough for the kernels of any set. */
  scratch: () => number;
}

/** A kernel of one of the sets, and how it is to run. */
export interface Job {
  set: number;
  kernel: string;
  /** Threads that may take part, the main one included. */
  threads: number;
  /** Adds the scratch of the thread to the arguments of each call. */
  scratch?: boolean;
}

/** How often the main thread looks whether the others are done before it sleeps. */
const SPINS = 20_000;
/** A call that takes longer than this, in ms, was lost with its thread. */
const LOST = 120_000;

/**
 * The threads over one heap, for every engine on it. The main thread takes part and takes what no other has taken, so a
 * worker that is slow to start or to wake costs nothing. What a call computes does not depend on who makes it.
 */
export class Threads {
  /** The kernels of each set, on this thread. */
  readonly sets: readonly Record<string, Kernel>[];
  readonly #jobs: Jobs;
  #job = 0;
  #count = 1;
  /** A job was begun and not ended: whoever stopped the cell ended the main thread in its midst. */
  #open = false;

  constructor(
    private readonly site: Site,
    private readonly patience = LOST,
  ) {
    const shared = (bytes: number) => new SharedArrayBuffer(bytes);
    this.sets = kernelSets(site);
    this.#jobs = {
      names: Object.keys(this.sets[0]!),
      control: new Int32Array(shared(4 * CONTROL_WORDS)),
      calls: new Float64Array(shared(8 * CALLS * ARGUMENTS)),
      results: new Float64Array(shared(8 * CALLS)),
      scratch: site.scratch(),
    };
  }

  /** Threads in all, this one included. */
  get count(): number {
    return this.#count;
  }

  /** Starts the threads that are missing to `wanted`; as many as there are then, at most `wanted`. */
  grow(wanted: number): number {
    const { modules, memory, scratch } = this.site;
    const file = join(packageRoot(), 'dist', 'kernels', 'worker.mjs');
    for (; this.#count < wanted; this.#count++) {
      const workerData: WorkerData = {
        ...this.#jobs,
        modules,
        memory,
        scratch: scratch(),
        place: this.#count,
      };
      try {
        // Without the flags of this process, which may be for its own module. It may end while they sleep.
        const worker = new Worker(file, { workerData, execArgv: [] });
        worker.on('error', () => undefined); // one that does not start takes no call; the others take them all
        worker.unref();
      } catch {
        break; // the system gives no more threads
      }
    }
    return Math.min(wanted, this.#count);
  }

  /**
   * Makes each of `calls` of one kernel, in any order and at the same time; they must not write to the same place.
   * @returns what each call returned
   */
  run(job: Job, calls: readonly (readonly number[])[]): number[] {
    const { control, calls: to, results, names } = this.#jobs;
    const { set, kernel, threads, scratch = false } = job;
    if (this.#open) this.#settle();
    if (threads === 1 || calls.length === 1) {
      const here = this.sets[set]![kernel]!;
      return calls.map((args) => (scratch ? here(...args, this.#jobs.scratch) : here(...args)) ?? 0);
    }
    calls.forEach((args, i) => {
      to[i * ARGUMENTS] = scratch ? -args.length : args.length;
      to.set(args, i * ARGUMENTS + 1);
    });
    control[KERNEL] = names.indexOf(kernel);
    control[SET] = set;
    Atomics.store(control, WANTED, threads);
    Atomics.store(control, DONE, 0);
    this.#open = true;
    this.#post(calls.length);
    work(this.#jobs, this.sets);
    this.#join(calls.length);
    this.#open = false;
    return Array.from(results.subarray(0, calls.length));
  }

  #post(calls: number): void {
    const { control } = this.#jobs;
    this.#job = (this.#job + 1) & 0xffff;
    Atomics.store(control, TICKET, ticket(this.#job, calls));
    Atomics.notify(control, TICKET);
  }

  #join(calls: number): void {
    const { control } = this.#jobs;
    let done = 0;
    for (let i = 0; done < calls; i++) {
      done = Atomics.load(control, DONE);
      if (done < calls && i > SPINS) this.#wait(DONE, done);
    }
    if (Atomics.exchange(control, FAILED, 0)) {
      this.#open = false;
      throw new EngineError('A wasm kernel failed in a thread: this is a bug in hi-zfo, please report it.');
    }
  }

  /** Takes back a job that was left in its midst, and waits for the workers that are still at it. */
  #settle(): void {
    const { control } = this.#jobs;
    this.#post(0);
    for (let busy = 1; busy > 0;) {
      busy = Atomics.load(control, BUSY);
      if (busy > 0) this.#wait(BUSY, busy);
    }
    Atomics.store(control, FAILED, 0);
    this.#open = false;
  }

  /** Sleeps until a control word may have changed. Who cannot be waited for may still write to the heap: then no job begins. */
  #wait(place: number, value: number): void {
    if (Atomics.wait(this.#jobs.control, place, value, this.patience) !== 'timed-out') return;
    throw new EngineError(
      'A thread of the wasm engine was lost in the midst of a call. Start the process anew.',
    );
  }
}
