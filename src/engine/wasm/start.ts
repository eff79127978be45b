import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type * as TensorFlowWasm from '@tensorflow/tfjs-backend-wasm';
import { EngineError } from '../../errors.ts';
import { tf } from '../tf.ts';
import { wasmBackend, type WasmBackend } from './heap.ts';
import { mendCumsum } from './mend/cumsum.ts';
import { shareIdentity } from './mend/identity.ts';
import { withoutListeners } from './mend/listeners.ts';
import { guardMalloc } from './mend/malloc.ts';
import { mendMatMul } from './mend/mat-mul.ts';
import { addSegmentSum } from './mend/segment-sum.ts';
import { compileKernels, instantiate, type Kernels } from './modules.ts';
import { withSharedMemory } from './threads/shared-memory.ts';
import { Threads } from './threads/threads.ts';
import { Workspace, type Heap } from './workspace.ts';

const load = createRequire(import.meta.url);
let started: Promise<Heap> | undefined;
/** Whose product TF.js's own matMul takes. */
let current: Workspace;

/**
 * Starts TF.js's wasm backend (the package's SIMD binary) with its mends and our kernels on its heap, once; what the first call
 * asks for holds. On a shared heap our kernels run on several threads.
 */
export function startWasm(shared = true): Promise<Heap> {
  if (!started) {
    started = start(shared);
    started.catch(() => (started = undefined));
  }
  return started;
}

/** From now on TF.js's own matMul runs on this workspace, with its threads and its product. */
export function useWorkspace(workspace: Workspace): void {
  current = workspace;
}

async function start(isShared: boolean): Promise<Heap> {
  const { setWasmPaths } = load('@tensorflow/tfjs-backend-wasm') as typeof TensorFlowWasm;
  const path = join(dirname(load.resolve('@tensorflow/tfjs-backend-wasm')), 'tfjs-backend-wasm-simd.wasm');
  const stock = new Uint8Array(readFileSync(path));
  const module = Buffer.from(isShared ? withSharedMemory(stock) : stock);
  const url = `data:application/wasm;base64,${module.toString('base64')}`;
  const names = [
    'tfjs-backend-wasm.wasm',
    'tfjs-backend-wasm-simd.wasm',
    'tfjs-backend-wasm-threaded-simd.wasm',
  ];
  setWasmPaths(Object.fromEntries(names.map((name) => [name, url])), true);
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  if (!(await withoutListeners(() => tf.setBackend('wasm'))))
    throw new EngineError(
      'The wasm engine did not start: TF.js could not initialise tfjs-backend-wasm 4.22.0.',
    );
  await tf.ready();
  const backend = wasmBackend();
  guardMalloc(backend);
  shareIdentity();
  mendCumsum();
  const heap = { backend, pool: threadsOver(backend) };
  current = new Workspace(heap, { relaxed: true, threads: 1 });
  addSegmentSum(current);
  mendMatMul(() => current);
  return heap;
}

function threadsOver({ wasm }: WasmBackend): Threads {
  const { memory } = wasm.asm;
  const exact = compileKernels(memory, false);
  const fast = compileKernels(memory, true);
  const modules = (fast.relaxed ? [exact, fast] : [exact]).map(({ kernels, noise }) => [kernels, noise]);
  const scratchBytes = instantiate<Kernels>(exact.kernels, memory).gemmScratch();
  return new Threads({ modules, memory, scratch: () => wasm._malloc(scratchBytes) });
}
