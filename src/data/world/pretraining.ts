import { Random } from '../random.ts';
import type { Tokenizer } from '../task.ts';
import { drill, problemStory } from './arithmetic.ts';
import { codeListing } from './code.ts';
import { conversation } from './conversation.ts';
import { moodStory } from './moods.ts';
import { notes } from './notes.ts';

/** The kinds of pretraining text. */
export type TextKind = 'conversation' | 'notes' | 'problem' | 'drill' | 'mood' | 'code';

const writers: Record<TextKind, (random: Random) => string> = {
  conversation,
  notes,
  problem: problemStory,
  drill,
  mood: moodStory,
  code: codeListing,
};

/** How often each kind is written, in percent of documents. */
const shares: readonly [TextKind, number][] = [
  ['conversation', 32],
  ['notes', 12],
  ['problem', 20],
  ['drill', 4],
  ['mood', 20],
  ['code', 12],
];

/** Headings carry a word that the tasks use, but stand over texts of any kind, so that they give no task away. */
const headings = 'Notes Story Page Letter Question Answer Dialogue Summary Sentence Mood Task Code'.split(
  ' ',
);

/**
 * A pretraining document: a pure function of seed and index. Prose starts with a space, so that its first word is the same
 * token as within a sentence.
 */
export function document(seed: number, index: number, kind?: TextKind): string {
  const random = new Random('pretraining', seed, index);
  let roll = random.below(100);
  const drawn = shares.find(([, share]) => (roll -= share) < 0)![0];
  const written = kind ?? drawn;
  const text = `${written === 'code' || written === 'drill' ? '' : ' '}${writers[written](random)}`;
  return random.chance(0.08) ? `#### ${random.pick(headings)} ${random.between(1, 99)}\n${text}` : text;
}

/** The first `count` tokens of the endless pretraining text of a seed: documents, each followed by the end token. */
export function pretrainingTokens(tokenizer: Tokenizer, seed: number, count: number): Int32Array {
  const ids = new Int32Array(count);
  let filled = 0;
  for (let index = 0; filled < count; index++) {
    for (const id of [...tokenizer.encode(document(seed, index)), tokenizer.eos]) {
      if (filled < count) ids[filled++] = id;
    }
  }
  return ids;
}
