import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { shared, sharedPath } from './shared.ts';

/**
 * SmolLM2-135M for tests that need a real model: the Hugging Face folder HI_ZFO_SMOLLM2 (by default where ../shared/tools/smollm2
 * puts it) and the .gguf file beside it that it was made from. Undefined where either or the reference values are missing.
 */
export const smollm2 = find();

function find(): { hf: string; gguf: string; goldens: string } | undefined {
  const hf = process.env.HI_ZFO_SMOLLM2 ?? join(shared, '..', '.models', 'smollm2', 'hf');
  const goldens = sharedPath('goldens-tokens');
  if (!goldens || !existsSync(join(hf, 'model.safetensors'))) return undefined;
  const file = readdirSync(dirname(hf)).find((name) => name.endsWith('.gguf'));
  return file === undefined ? undefined : { hf, gguf: join(dirname(hf), file), goldens };
}
