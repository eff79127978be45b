import type { NoiseKey } from './key.ts';
import { philoxBlock } from './philox.ts';

/**
 * Calls `visit(first, words)` for the blocks that cover elements 0..length-1 of the stream under `key`; `first` is the
 * element of words[0]. Block j has counter words (j low, j high, query, tensor) and key words (seed, step).
 */
export function forEachBlock(
  length: number,
  key: NoiseKey,
  visit: (first: number, words: Uint32Array) => void,
): void {
  const words = new Uint32Array(4);
  for (let first = 0; first < length; first += 4) {
    const block = first / 4;
    philoxBlock(words, block >>> 0, Math.floor(block / 2 ** 32), key.query, key.tensor, key.seed, key.step);
    visit(first, words);
  }
}
