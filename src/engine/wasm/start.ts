import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type * as TensorFlowWasm from '@tensorflow/tfjs-backend-wasm';
import { EngineError } from '../../errors.ts';
import { tf } from '../tf.ts';
import { wasmBackend } from './heap.ts';
import { mendCumsum } from './mend/cumsum.ts';
import { shareIdentity } from './mend/identity.ts';
import { guardMalloc } from './mend/malloc.ts';
import { mendMatMul } from './mend/mat-mul.ts';
import { addSegmentSum } from './mend/segment-sum.ts';
import { Workspace } from './workspace.ts';

const load = createRequire(import.meta.url);
let started: Promise<Workspace> | undefined;

/** Starts TF.js's wasm backend (SIMD, one thread, the package's own binary) with its mends and our kernels on its heap, once. */
export function startWasm(): Promise<Workspace> {
  return (started ??= start());
}

async function start(): Promise<Workspace> {
  const { setWasmPaths } = load('@tensorflow/tfjs-backend-wasm') as typeof TensorFlowWasm;
  setWasmPaths(dirname(load.resolve('@tensorflow/tfjs-backend-wasm')) + '/');
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  const started = await withoutListeners(() => tf.setBackend('wasm'));
  if (!started)
    throw new EngineError(
      'The wasm engine did not start: TF.js could not initialise tfjs-backend-wasm 4.22.0.',
    );
  await tf.ready();
  const backend = wasmBackend();
  guardMalloc(backend);
  shareIdentity();
  mendCumsum();
  const workspace = new Workspace(backend);
  addSegmentSum(workspace);
  mendMatMul(workspace);
  return workspace;
}

/**
 * Emscripten's start listens for errors that nobody caught, only to throw them again from there: whatever fails in a user's
 * script would be shown with the backend's one line of 200,000 characters. Those listeners are taken off.
 */
async function withoutListeners<T>(start: () => Promise<T>): Promise<T> {
  const events = ['uncaughtException', 'unhandledRejection'];
  const before = events.map((event) => process.listeners(event as 'exit'));
  try {
    return await start();
  } finally {
    events.forEach((event, i) => {
      for (const listener of process.listeners(event as 'exit'))
        if (!before[i]!.includes(listener)) process.off(event, listener);
    });
  }
}
