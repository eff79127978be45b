// A thread of the wasm engine: waits for a job, takes calls of it until none is left. Built into dist/kernels/worker.mjs.
import { workerData } from 'node:worker_threads';
import { BUSY, jobOf, TICKET, work, type WorkerData } from './protocol.ts';

/** Looks at the ticket this many times before it sleeps: the next job is often some microseconds away. */
const SPINS = 2000;

const data = workerData as WorkerData;
const imports = { env: { memory: data.memory, log: Math.log } };
const kernels = {
  ...new WebAssembly.Instance(data.kernels, imports).exports,
  ...new WebAssembly.Instance(data.noise, imports).exports,
} as Record<string, (...args: number[]) => number | undefined>;

for (let seen = -1; ;) {
  let word = Atomics.load(data.control, TICKET);
  for (let i = 0; i < SPINS && jobOf(word) === seen; i++) word = Atomics.load(data.control, TICKET);
  if (jobOf(word) === seen) {
    Atomics.wait(data.control, TICKET, word);
    continue;
  }
  seen = jobOf(word);
  Atomics.add(data.control, BUSY, 1);
  work(data, kernels);
  Atomics.sub(data.control, BUSY, 1);
  Atomics.notify(data.control, BUSY);
}
