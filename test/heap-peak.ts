import type { Tensor } from '@tensorflow/tfjs';
import { pointer, wasmBackend } from '../src/engine/wasm/heap.ts';

/** Most bytes that `held` and all that was allocated on the wasm heap while `work` ran took together. */
export async function heapPeak(held: readonly Tensor[], work: () => Promise<unknown>): Promise<number> {
  const backend = wasmBackend();
  const { wasm } = backend;
  const [malloc, free] = [wasm._malloc.bind(wasm), wasm._free.bind(wasm)];
  const bytes = new Map(held.map((t) => [pointer(backend, t), 4 * t.size]));
  let now = held.reduce((sum, t) => sum + 4 * t.size, 0);
  let peak = now;
  wasm._malloc = (n) => {
    const at = malloc(n);
    bytes.set(at, n);
    peak = Math.max(peak, (now += n));
    return at;
  };
  wasm._free = (at) => {
    now -= bytes.get(at) ?? 0;
    bytes.delete(at);
    free(at);
  };
  try {
    await work();
    return peak;
  } finally {
    Object.assign(wasm, { _malloc: malloc, _free: free });
  }
}
