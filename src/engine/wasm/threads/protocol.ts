/** Numbers that one call of a kernel takes at most. */
export const ARGUMENTS = 32;
/** Calls that one job is split in at most. */
export const CALLS = 128;

/** Places in the control words. */
export const TICKET = 0;
export const DONE = 1;
export const FAILED = 2;
/** Kernel of the job, by its place in the list of names. */
export const KERNEL = 3;
/** Set of kernels of the job. */
export const SET = 4;
/** Threads that the job asks for, the main one included: workers with a higher place sleep on. */
export const WANTED = 5;
/** Workers that may be inside a call. */
export const BUSY = 6;
export const CONTROL_WORDS = 7;

/** A kernel, as a thread calls it. */
export type Kernel = (...args: number[]) => number | undefined;

/** What every thread knows of the jobs. */
export interface Jobs {
  /** Names of the kernels. */
  names: readonly string[];
  /** Control words, see above. */
  control: Int32Array;
  /** By call: how many numbers, then the numbers. */
  calls: Float64Array;
  /** By call: what the kernel returned. */
  results: Float64Array;
  /** This thread's scratch, which ends the arguments of a kernel that takes one. */
  scratch: number;
}

/** What a worker is started with. */
export interface WorkerData extends Jobs {
  /** Sets of kernels with the same names, each made of some modules. */
  modules: readonly (readonly WebAssembly.Module[])[];
  memory: WebAssembly.Memory;
  /** The main thread is 0. */
  place: number;
}

/** The kernels of each set on a memory. */
export function kernelSets({
  modules,
  memory,
}: Pick<WorkerData, 'modules' | 'memory'>): Record<string, Kernel>[] {
  const instance = (module: WebAssembly.Module) =>
    new WebAssembly.Instance(module, { env: { memory, log: Math.log } }).exports;
  return modules.map((set) => Object.assign({}, ...set.map(instance)) as Record<string, Kernel>);
}

/**
 * The ticket word holds the number of the job (16 bits), how many calls it has (8) and how many are taken (8); taking one is
 * adding 1. So a worker that comes late never takes a call of one job for that of another.
 */
export const ticket = (job: number, calls: number) => (job << 16) | (calls << 8);
export const jobOf = (word: number) => word >>> 16;
export const callsOf = (word: number) => (word >>> 8) & 255;
export const takenOf = (word: number) => word & 255;

/** Takes and runs calls of the present job until none is left. */
export function work(
  { control, calls, results, names, scratch }: Jobs,
  sets: readonly Record<string, Kernel>[],
): void {
  for (;;) {
    const word = Atomics.add(control, TICKET, 1);
    const call = takenOf(word);
    if (call >= callsOf(word)) return;
    const from = call * ARGUMENTS;
    const args = Array.from(calls.subarray(from + 1, from + 1 + Math.abs(calls[from]!)));
    if (calls[from]! < 0) args.push(scratch); // a negative count asks for the scratch of whoever runs it
    try {
      results[call] = sets[control[SET]!]![names[control[KERNEL]!]!]!(...args) ?? 0;
    } catch {
      Atomics.store(control, FAILED, 1);
    }
    if (Atomics.add(control, DONE, 1) + 1 === callsOf(word)) Atomics.notify(control, DONE);
  }
}
