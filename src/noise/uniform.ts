import type { NoiseKey } from './key.ts';
import { forEachBlock } from './blocks.ts';

/** Uniform on [0, 1): the top 24 bits of the element's word. */
export function fillUniform(out: Float32Array, key: NoiseKey): void {
  forEachBlock(out.length, key, (first, words) => {
    for (let lane = 0; lane < 4 && first + lane < out.length; lane++)
      out[first + lane] = (words[lane]! >>> 8) / 2 ** 24;
  });
}
