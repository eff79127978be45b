import { ConfigError } from '../errors.ts';
import type { Example, Tokenizer } from './task.ts';

/** An example as token ids: prompt, completion, end token. */
export interface EncodedExample {
  ids: number[];
  /** Index in `ids` of the first token that the loss is taken on; all from here on are supervised. */
  supervisedFrom: number;
}

/**
 * Tokenises prompt and completion separately, joins them and appends the end token. When they exceed `maxLength` tokens,
 * the prompt loses its beginning; the completion is never cut. Throws ConfigError when the completion, its end token and
 * one token of the prompt do not fit.
 */
export function encodeExample(tokenizer: Tokenizer, example: Example, maxLength: number): EncodedExample {
  const prompt = tokenizer.encode(example.prompt);
  const completion = [...tokenizer.encode(example.completion), tokenizer.eos];
  const needed = completion.length + Math.min(1, prompt.length);
  if (needed > maxLength) {
    throw new ConfigError(
      `maxLength is ${maxLength}, but a completion needs ${needed} tokens with its end and one token of the prompt: ` +
        `"${example.completion.slice(0, 60)}". Set maxLength to ${needed} or more, or leave the example out.`,
    );
  }
  const kept = prompt.slice(Math.max(0, prompt.length - (maxLength - completion.length)));
  return { ids: [...kept, ...completion], supervisedFrom: kept.length };
}
