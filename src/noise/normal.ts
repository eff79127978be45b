import type { NoiseKey } from './key.ts';
import { forEachBlock } from './blocks.ts';

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);
const FLOOR = Math.fround(1e-7);

/** [0, 1) of the low 23 bits. */
function uniform(word: number): number {
  bits[0] = 0x3f800000 | (word & 0x7fffff);
  return float[0]! - 1;
}

/**
 * N(0, 1) by Box-Muller exactly as TensorFlow takes it from Philox (`BoxMullerFloat`): words (0, 1) and (2, 3) of a
 * block make (r sin, r cos). The largest magnitude is sqrt(-2 ln 1e-7) = 5.678.
 */
export function fillNormal(out: Float32Array, key: NoiseKey): void {
  forEachBlock(out.length, key, (first, words) => {
    for (let lane = 0; lane < 4 && first + lane < out.length; lane += 2) {
      const radius = Math.sqrt(-2 * Math.log(Math.max(uniform(words[lane]!), FLOOR)));
      const angle = Math.fround(2 * Math.PI * uniform(words[lane + 1]!));
      out[first + lane] = radius * Math.sin(angle);
      if (first + lane + 1 < out.length) out[first + lane + 1] = radius * Math.cos(angle);
    }
  });
}
