import { parentPort, workerData } from 'node:worker_threads';
import { Reply } from 'zeromq';
import { isAlive, type HeartbeatTask } from './heartbeat.ts';

const { address, parent, closed } = workerData as HeartbeatTask;
const PARENT_CHECK_MS = 1000;

// The main thread may be deep in a step when the Jupyter server dies, so the check has to be here.
if (parent !== undefined)
  setInterval(() => {
    if (!isAlive(parent)) process.kill(process.pid, 'SIGTERM');
  }, PARENT_CHECK_MS);

const socket = new Reply({ linger: 0 });
await socket.bind(address);
parentPort?.once('message', () => socket.close());
for await (const beat of socket) await socket.send(beat);
Atomics.store(closed, 0, 1);
Atomics.notify(closed, 0);
