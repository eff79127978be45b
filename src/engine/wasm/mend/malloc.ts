import { EngineError } from '../../../errors.ts';
import type { WasmBackend } from '../heap.ts';

const MIB = 2 ** 20;

/** Stock: past 4 GiB malloc returns 0, TF.js writes there and silently corrupts the heap. Here: an {@link EngineError}. */
export function guardMalloc(backend: WasmBackend): void {
  const { wasm } = backend;
  // The first call makes Emscripten put the real function in place of its stub.
  wasm._free(wasm._malloc(8));
  const malloc = wasm._malloc.bind(wasm);
  wasm._malloc = (bytes) => {
    const offset = malloc(bytes) >>> 0;
    if (offset === 0 && bytes > 0)
      throw new EngineError(
        `The wasm heap is full: ${(bytes / MIB).toFixed(1)} MiB asked for, heap already ` +
          `${(wasm.HEAPU8.length / MIB).toFixed(0)} MiB (its limit is 4096). Use a smaller batch, sequence length or ` +
          `fraction of first-order tensors, dispose tensors no longer needed, or the native engine.`,
      );
    return offset;
  };
}
