import { ConfigError } from '../errors.ts';
import type { ChatMessage, Tokenizer } from './task.ts';

type Chat = NonNullable<Tokenizer['chat']>;

function chatOf(tokenizer: Tokenizer): Chat {
  if (tokenizer.chat) return (messages, options) => tokenizer.chat!(messages, options);
  throw new ConfigError(
    'A conversation needs a tokenizer with a chat template. Take an instruct model, or rows of { prompt, completion }.',
  );
}

/** The ids that the assistant's last turn continues. */
export function encodeChatPrompt(tokenizer: Tokenizer, messages: readonly ChatMessage[]): number[] {
  return chatOf(tokenizer)(messages.slice(0, -1), { addGenerationPrompt: true }).ids;
}

/** What `text` has beyond `start`, which it must begin with. */
function beyond(start: string, text: string, turn: number): string {
  if (text.startsWith(start)) return text.slice(start.length);
  throw new ConfigError(
    `The model's chat template writes turn ${turn + 1} of a conversation in another way once a turn follows, so the tokens of the ` +
      'assistant cannot be told apart. Give conversations with one turn of the assistant, or rows of { prompt, completion }.',
  );
}

/**
 * A conversation as ids, with the loss on the turns of the assistant from where generation would begin to their end token.
 * Turns are tokenised one by one, as generation sees them. A template that writes no end token after the last turn gets one.
 */
export function encodeChat(
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
): { ids: number[]; supervised: (readonly [from: number, to: number])[] } {
  const chat = chatOf(tokenizer);
  const ids: number[] = [];
  const supervised: (readonly [number, number])[] = [];
  let written = '';
  messages.forEach(({ role }, turn) => {
    if (role !== 'assistant') return;
    const before = chat(messages.slice(0, turn), { addGenerationPrompt: true }).text;
    ids.push(...tokenizer.encode(beyond(written, before, turn)));
    const after = chat(messages.slice(0, turn + 1)).text;
    const said = tokenizer.encode(beyond(before, after, turn));
    const end = said.indexOf(tokenizer.eos);
    const isLast = turn === messages.length - 1;
    if (isLast && end < 0) said.push(tokenizer.eos);
    const learnt = end < 0 ? said.length : end + 1;
    supervised.push([ids.length, ids.length + learnt]);
    ids.push(...(isLast ? said.slice(0, learnt) : said)); // what follows the last end token is never generated
    written = after;
  });
  return { ids, supervised };
}
