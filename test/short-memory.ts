import { expect } from 'vitest';
import { tf } from '../src/engine/index.ts';
import { wasmBackend } from '../src/engine/wasm/heap.ts';

/**
 * Does some work on the wasm heap again and again, each time with memory for `every` tensors more, until it succeeds; no failure
 * leaves a tensor behind.
 * @returns what the work returned in the end, and how often it failed
 */
export async function withShortMemory<T>(
  work: () => T | Promise<T>,
  { every = 1 } = {},
): Promise<{ value: T; failures: number }> {
  const { wasm } = wasmBackend();
  const malloc = wasm._malloc.bind(wasm);
  const own = Object.getOwnPropertyDescriptor(wasm, '_malloc')!;
  const before = tf.memory().numTensors;
  for (let failures = 0; ; failures++) {
    let left = failures * every;
    wasm._malloc = (bytes) => {
      if (--left < 0) throw new Error('short memory');
      return malloc(bytes);
    };
    try {
      return { value: await work(), failures };
    } catch (error) {
      if ((error as Error).message !== 'short memory') throw error;
      expect(
        tf.memory().numTensors,
        `live tensors after ${failures * every} allocations`,
      ).toBeLessThanOrEqual(before);
    } finally {
      Object.defineProperty(wasm, '_malloc', own);
    }
  }
}
