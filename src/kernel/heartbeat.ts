import { Worker } from 'node:worker_threads';

/** What the heartbeat thread needs to know. */
export interface HeartbeatTask {
  address: string;
  /** Process id of whoever started the kernel, when it wants the kernel to end with it. */
  parent: number | undefined;
  /** One shared number, set to 1 once the socket is closed. */
  closed: Int32Array;
}

/** How long the end of the process waits for the thread. */
const CLOSE_MS = 1000;

/** Whether a process exists; one that is not ours to signal does. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * The process that started us, if it says (as jupyter_client and our runner do) that we must not outlive it. One that
 * cannot be seen from here, such as from inside a container, is not watched.
 */
function declaredParent(): number | undefined {
  const pid = Number(process.env.JPY_PARENT_PID);
  return Number.isInteger(pid) && pid > 0 && isAlive(pid) ? pid : undefined;
}

/**
 * Starts the heartbeat on a thread of its own: it beats also while a cell blocks the event loop.
 *
 * @param failed - called when the thread ends by an error
 */
export function startHeartbeat(address: string, failed: (error: Error) => void): void {
  const closed = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const workerData: HeartbeatTask = { address, parent: declaredParent(), closed };
  const worker = new Worker(new URL('./heartbeat.mjs', import.meta.url), { workerData });
  worker.on('error', failed);
  worker.unref();
  // zeromq aborts the process when a thread goes with its socket open, also when a cell calls process.exit().
  process.on('exit', () => {
    worker.postMessage('close');
    Atomics.wait(closed, 0, 0, CLOSE_MS);
  });
}
