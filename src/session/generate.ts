import { inspect } from 'node:util';
import { inTurn } from '../engine/index.ts';
import { ConfigError } from '../errors.ts';
import type { ChatMessage, Generation } from '../data/index.ts';
import { cutAtStop, generate, type Decoder } from '../model/index.ts';
import type { BatchSource } from './batches.ts';

/** A text to continue, or a conversation that the assistant is to answer. */
export type Prompt = string | readonly ChatMessage[];

export interface TextOptions extends Generation {
  /** Most tokens of a text; defaults to the task's. */
  maxNewTokens?: number;
  signal?: AbortSignal | undefined;
}

const isConversation = (prompt: unknown): prompt is readonly ChatMessage[] =>
  Array.isArray(prompt) && typeof prompt[0] === 'object' && !Array.isArray(prompt[0]);

/** Throws ConfigError for what is no text, no conversation and no list of these. */
function listOf(prompts: Prompt | readonly Prompt[]): readonly Prompt[] {
  const list: readonly unknown[] =
    typeof prompts === 'string' || isConversation(prompts) ? [prompts] : prompts;
  const wrong = Array.isArray(list) ? list.findIndex((p) => typeof p !== 'string' && !isConversation(p)) : 0;
  if (wrong < 0) return list as readonly Prompt[];
  throw new ConfigError(
    `generate was given ${inspect(Array.isArray(list) ? list[wrong] : list)}; give a text, a conversation ` +
      "([{ role: 'user', content: '...' }]) or a list of these.",
  );
}

/** Throws ConfigError for stop strings that are no list of texts. */
export function checkStop(stop: readonly string[]): void {
  if (Array.isArray(stop) && stop.every((s) => typeof s === 'string')) return;
  throw new ConfigError(`stop is ${inspect(stop)}; give a list of texts: ['\\n'].`);
}

/** The continuation of each prompt, up to a stop string. */
export async function continueTexts(
  model: Decoder,
  { task, tokenizer }: BatchSource,
  prompts: Prompt | readonly Prompt[],
  { stop = [], maxNewTokens = task.maxNewTokens, ...options }: TextOptions,
): Promise<string[]> {
  checkStop(stop);
  const ids = listOf(prompts).map((prompt) => {
    if (typeof prompt === 'string') return [...(tokenizer.prefix ?? []), ...tokenizer.encode(prompt)];
    if (tokenizer.chat) return tokenizer.chat(prompt, { addGenerationPrompt: true }).ids;
    throw new ConfigError(
      'A conversation needs a tokenizer with a chat template. Give the prompt as one text.',
    );
  });
  const { eos, pad } = tokenizer;
  const decode = (row: readonly number[]) => tokenizer.decode(row);
  const how = {
    ...options,
    maxNewTokens,
    eos,
    pad,
    stop: { strings: stop, decode },
  };
  const rows = await inTurn(model.engine, () => generate(model, ids, how));
  return rows.map((row) => cutAtStop(decode(row), stop));
}
