import { bloom } from './bloom.ts';
import type { Family } from './family.ts';
import { gpt2 } from './gpt2.ts';
import { gptNeox } from './gpt-neox.ts';
import { llamaFamily } from './llama.ts';
import { opt } from './opt.ts';

/** Every family by its model_type. */
export const families: Record<string, Family> = { ...llamaFamily, opt, bloom, gpt2, gpt_neox: gptNeox };
