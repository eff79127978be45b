import { ConfigError } from '../errors.ts';
import { encodeChat, encodeChatPrompt } from './encode-chat.ts';
import type { Example, Tokenizer } from './task.ts';

/** An example as token ids. */
export interface EncodedExample {
  ids: number[];
  /** Parts of `ids` that the loss is taken on, as [from, to) in order. */
  supervised: readonly (readonly [from: number, to: number])[];
}

/**
 * An example as prompt, completion and end token. Prompt and completion are tokenised apart, so that the prompt's ids are those
 * that generation starts from; a conversation goes through the model's chat template and the loss falls on the turns of the
 * assistant. When all exceeds `maxLength` tokens the prompt is cut; the (last) completion never is.
 * Undefined when the completion, its end token and one token of the prompt do not fit.
 */
export function encodeIfFits(
  tokenizer: Tokenizer,
  example: Example,
  maxLength: number,
): EncodedExample | undefined {
  if (example.messages) {
    const { ids, supervised } = encodeChat(tokenizer, example.messages);
    const over = ids.length - maxLength;
    if (over <= 0) return { ids, supervised };
    if (supervised.at(-1)![0] <= over) return undefined;
    const moved = supervised.map(([from, to]) => [Math.max(0, from - over), to - over] as const);
    return { ids: ids.slice(over), supervised: moved.filter(([, to]) => to > 0) };
  }
  const completion = [...tokenizer.encode(example.completion), tokenizer.eos];
  const room = maxLength - completion.length;
  if (room < (example.prompt === '' ? 0 : 1)) return undefined;
  const ids = [...encodePrompt(tokenizer, example, room), ...completion];
  return { ids, supervised: [[ids.length - completion.length, ids.length]] };
}

/** As `encodeIfFits`, and throws ConfigError when the example does not fit. */
export function encodeExample(tokenizer: Tokenizer, example: Example, maxLength: number): EncodedExample {
  const encoded = encodeIfFits(tokenizer, example, maxLength);
  if (encoded) return encoded;
  const [from, to] = encodeIfFits(tokenizer, example, Infinity)!.supervised.at(-1)!;
  const needed = to - from + Math.min(1, from);
  throw new ConfigError(
    `maxLength is ${maxLength}, but a completion needs ${needed} tokens with its end and one token of the prompt: ` +
      `"${example.completion.slice(0, 60)}". Set maxLength to ${needed} or more, or leave the example out.`,
  );
}

/**
 * The prompt of an example in at most `room` tokens. What it says may be cut loses its end; failing that, the prompt loses its
 * beginning.
 */
export function encodePrompt(tokenizer: Tokenizer, example: Example, room: number): number[] {
  if (example.messages) return last(encodeChatPrompt(tokenizer, example.messages), room);
  const { prefix = [] } = tokenizer;
  if (prefix.length >= room) return encodeText(tokenizer, example, room);
  return [...prefix, ...encodeText(tokenizer, example, room - prefix.length)];
}

function encodeText(tokenizer: Tokenizer, { prompt, cut }: Example, room: number): number[] {
  const whole = tokenizer.encode(prompt);
  if (!cut) return last(whole, room);
  const source = prompt.slice(cut.from, cut.to);
  const length = tokenizer.encode(source).length;
  if (length <= cut.tokens && whole.length <= room) return whole;
  let most = Math.min(cut.tokens, length - Math.max(0, whole.length - room));
  for (;;) {
    const kept = beginning(tokenizer, source, Math.max(0, most));
    const ids = tokenizer.encode(prompt.slice(0, cut.from) + kept + prompt.slice(cut.to));
    if (ids.length <= room || most <= 0) return last(ids, room);
    most -= ids.length - room;
  }
}

const last = (ids: number[], count: number): number[] => ids.slice(Math.max(0, ids.length - count));

/** The longest beginning of a text that has at most `tokens` tokens, without white space at its end. */
function beginning(tokenizer: Tokenizer, text: string, tokens: number): string {
  const characters = Array.from(text);
  let [low, high] = [0, characters.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (tokenizer.encode(characters.slice(0, middle).join('')).length <= tokens) low = middle;
    else high = middle - 1;
  }
  return characters.slice(0, low).join('').trimEnd();
}
