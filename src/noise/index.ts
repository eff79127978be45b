import type { Distribution, NoiseKey } from './key.ts';
import { checkKey } from './key.ts';
import { fillNormal } from './normal.ts';
import { fillRademacher } from './rademacher.ts';

export { checkKey, checkWord, tensorId, type Distribution, type NoiseKey } from './key.ts';
export { philoxBlock } from './philox.ts';
export { fillNormal } from './normal.ts';
export { fillRademacher } from './rademacher.ts';
export { fillUniform } from './uniform.ts';

/** Fills `out` with the direction under `key`: element i depends on the key and i alone. */
export function fillNoise(out: Float32Array, key: NoiseKey, law: Distribution): void {
  checkKey(key);
  if (law === 'gaussian') fillNormal(out, key);
  else fillRademacher(out, key);
}
