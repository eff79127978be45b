import type { NoiseKey } from './key.ts';
import { forEachBlock } from './blocks.ts';

/** +1 or -1 with equal chance: +1 where the top bit of the element's word is 0. */
export function fillRademacher(out: Float32Array, key: NoiseKey): void {
  forEachBlock(out.length, key, (first, words) => {
    for (let lane = 0; lane < 4 && first + lane < out.length; lane++)
      out[first + lane] = words[lane]! >>> 31 ? -1 : 1;
  });
}
