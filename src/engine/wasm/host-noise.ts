import type { FillNoise } from '../ops/noise.ts';
import { checkKey } from '../../noise/index.ts';
import { compileKernels, instantiate, type NoiseKernels } from './modules.ts';

/** Elements drawn at a time: 256 KiB stay in the cache. */
const CHUNK = 65_536;
const SCRATCH_BYTES = 64;
const PAGES = (4 * CHUNK) / 65_536 + 1;

/** The noise kernels on a small memory of their own, for engines whose tensors are elsewhere. */
export function hostNoise(): FillNoise {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  const kernels = instantiate<NoiseKernels>(compileKernels(memory, false).noise, memory);
  const drawn = new Float32Array(memory.buffer, SCRATCH_BYTES, CHUNK);
  return (out, key, law) => {
    checkKey(key);
    const words = [key.seed, key.step, key.query, key.tensor];
    for (let first = 0; first < out.length; first += CHUNK) {
      const n = Math.min(CHUNK, out.length - first);
      kernels.noise(0, drawn.byteOffset, n, 1, ...words, first / 4, Number(law === 'rademacher'), 0);
      out.set(n < CHUNK ? drawn.subarray(0, n) : drawn, first);
    }
  };
}
