import { parentPort, workerData } from 'node:worker_threads';
import { Reply } from 'zeromq';
import { isAlive, type HeartbeatTask } from './heartbeat.ts';

const { address, parent, closed } = workerData as HeartbeatTask;
const PARENT_CHECK_MS = 1000;

// The main thread may be deep in a step when the Jupyter server dies, so the check has to be here.
let signal: NodeJS.Signals = 'SIGTERM';
if (parent !== undefined)
  setInterval(() => {
    if (isAlive(parent)) return;
    // The whole group, children of cells included, where the kernel leads one; a cell may be deaf to the first signal.
    for (const whom of [-process.pid, process.pid])
      try {
        process.kill(whom, signal);
      } catch {
        // no such group
      }
    signal = 'SIGKILL';
  }, PARENT_CHECK_MS);

const socket = new Reply({ linger: 0 });
await socket.bind(address);
parentPort?.once('message', () => socket.close());
for await (const beat of socket) await socket.send(beat);
Atomics.store(closed, 0, 1);
Atomics.notify(closed, 0);
