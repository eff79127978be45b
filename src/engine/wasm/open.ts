import { threadsInWords, type Choice } from '../description.ts';
import type { Engine, EngineOptions } from '../engine.ts';
import { fasterThan } from '../faster.ts';
import { tf } from '../tf.ts';
import { isShared } from './modules.ts';
import { engineOn } from './on-workspace.ts';
import { startWasm } from './start.ts';
import { Workspace } from './workspace.ts';

/** TF.js on WebAssembly with our kernels on its heap. */
export async function openWasm(
  { fused, relaxed, threads }: Required<EngineOptions>,
  choice: Choice,
): Promise<Engine> {
  const heap = await startWasm();
  const workspace = new Workspace(heap, { relaxed, threads });
  const kernels = `${fused ? 'fused' : 'plain'} kernels (${workspace.fma})`;
  return engineOn(workspace, fused, {
    name: 'wasm',
    summary: `wasm: TF.js ${tf.version_core}, SIMD, ${threadsInWords(workspace.threads)}, ${kernels}`,
    threads: workspace.threads,
    ...choice,
    faster: await fasterThan('wasm', { ...choice, oneThread: !isShared(heap.backend.wasm.asm.memory) }),
  });
}
