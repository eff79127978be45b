// A thread of the wasm engine: waits for a job, takes calls of it until none is left. Built into dist/kernels/worker.mjs.
import { workerData } from 'node:worker_threads';
import { BUSY, jobOf, kernelSets, TICKET, WANTED, work, type WorkerData } from './protocol.ts';

/** Looks at the ticket this many times before it sleeps: the next job is often some microseconds away. */
const SPINS = 2000;

const data = workerData as WorkerData;
const { control, place } = data;
const sets = kernelSets(data);

for (let [seen, spins] = [-1, SPINS]; ;) {
  let word = Atomics.load(control, TICKET);
  for (let i = 0; i < spins && jobOf(word) === seen; i++) word = Atomics.load(control, TICKET);
  if (jobOf(word) === seen) {
    Atomics.wait(control, TICKET, word);
    continue;
  }
  seen = jobOf(word);
  const wanted = place < Atomics.load(control, WANTED);
  spins = wanted ? SPINS : 0; // who is not wanted takes no time from those who are
  if (!wanted) continue;
  Atomics.add(control, BUSY, 1);
  work(data, sets);
  Atomics.sub(control, BUSY, 1);
  Atomics.notify(control, BUSY);
}
