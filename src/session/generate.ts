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

const isConversation = (prompt: Prompt | readonly Prompt[]): prompt is readonly ChatMessage[] =>
  Array.isArray(prompt) && typeof prompt[0] === 'object' && !Array.isArray(prompt[0]);

/** The continuation of each prompt, up to a stop string. */
export async function continueTexts(
  model: Decoder,
  { task, tokenizer }: BatchSource,
  prompts: Prompt | readonly Prompt[],
  { stop = [], maxNewTokens = task.maxNewTokens, ...options }: TextOptions,
): Promise<string[]> {
  const list = typeof prompts === 'string' || isConversation(prompts) ? [prompts] : prompts;
  const ids = list.map((prompt) => {
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
