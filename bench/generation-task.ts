/** The tasks of the study: every completion is a label word, a colon and the text, so that label and text share rows, context and weights. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tasks, type Example, type Task, type Tokenizer, type TokenBatch } from '../src/index.ts';
import { among, candidatesOf, targetsBetween } from '../src/variance/index.ts';

/** What the tiny model's dialogues are about, told by their summaries; each word is one token. */
const scenes: readonly [RegExp, string][] = [
  [/will meet/, 'go'], [/is sold/, 'coins'], [/The lost/, 'lost'], [/is lent/, 'need'],
  [/As a present/, 'best'], [/invited/, 'no'], [/orders/, 'soup'], [/broken/, 'broken'],
]; // prettier-ignore
/** What a sum of GSM8K asks for, told by its last sentence. */
const money = /\$|money|dollar|cost|pay|paid|earn|spend|spent|price|cents|profit|worth|owe|change/;
const time = /hour|minute|second|day|week|month|year|old|long|time/;

/** A task whose completions begin with one of some label words. */
export interface LabelledTask {
  task: Task;
  labels: readonly string[];
}

export function tinyTask(seed: number): LabelledTask {
  const base = tasks['dialogue-summary']!({ seed });
  const label = (text: string) => scenes.find(([sign]) => sign.test(text))![1];
  return labelled(base, (e) => label(e.completion), scenes.map(([, word]) => word)); // prettier-ignore
}

/** GSM8K from a folder with train.jsonl and test.jsonl. */
export function gsm8kTask(folder: string): LabelledTask {
  const rows = (split: string) =>
    readFileSync(join(folder, `${split}.jsonl`), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Record<'question' | 'answer', string>); // prettier-ignore
  const examples = (split: string): Example[] =>
    rows(split).map(({ question, answer }) => ({ prompt: `Question: ${question}\nAnswer:`, completion: ` ${answer}` })); // prettier-ignore
  const label = (prompt: string) => {
    const last = prompt.replace('\nAnswer:', '').trim().split(/(?<=[.?!])\s+/).at(-1)!.toLowerCase(); // prettier-ignore
    return money.test(last) ? 'money' : time.test(last) ? 'time' : 'number';
  };
  const base: Task = {
    name: 'gsm8k',
    kind: 'generation',
    description: 'Sums in words with worked answers.',
    train: examples('train'),
    test: examples('test'),
    maxNewTokens: 1,
    score: () => Promise.reject(new Error('This study scores nothing.')),
  };
  return labelled(base, (e) => label(e.prompt), ['money', 'time', 'number']);
}

function labelled(base: Task, label: (e: Example) => string, labels: readonly string[]): LabelledTask {
  const add = (e: Example): Example => ({ prompt: e.prompt, completion: ` ${label(e)}:${e.completion}` });
  return { task: { ...base, train: base.train.map(add), test: base.test.map(add) }, labels };
}

/** What is supervised, and what the softmax ranges over. */
export interface Cell {
  name: string;
  part: 'label' | 'text';
  /** Tokens of the part; Infinity is all of it. */
  output: number;
  /** Tokens in the softmax; the whole vocabulary when left out. */
  vocabulary?: number;
}

/** The cells of the study; the label's own words are its smallest vocabulary, the last output length stands for generation. */
export function cells(labels: number, outputs: readonly number[], vocabularies: readonly number[]): Cell[] {
  const count = (n: number) => (n === Infinity ? 'all tokens' : n === 1 ? '1 token' : `${n} tokens`);
  const longest = outputs.at(-1)!;
  const label = (vocabulary: number): Cell => ({ name: `label, softmax of ${vocabulary}`, part: 'label', output: 1, vocabulary }); // prettier-ignore
  return [
    ...[labels, ...vocabularies].map(label),
    { name: 'label word', part: 'label', output: 1 },
    ...outputs.map((output): Cell => ({ name: `text, ${count(output)}`, part: 'text', output })),
    ...vocabularies.map((vocabulary): Cell => ({ name: `text, softmax of ${vocabulary}`, part: 'text', output: longest, vocabulary })), // prettier-ignore
  ];
}

/** Targets of a row that come before the text: label and colon. */
export const BEFORE_TEXT = 2;

/** Batches with only a cell's targets; what comes before them stays as context. */
export function cut(
  batches: readonly TokenBatch[],
  { part, output, vocabulary }: Cell,
  { labels, tokenizer, size }: { labels: readonly string[]; tokenizer: Tokenizer; size: number },
): TokenBatch[] {
  const from = part === 'label' ? 0 : BEFORE_TEXT;
  const shown = batches.map((b) => targetsBetween(b, from, from + output));
  if (vocabulary === undefined) return shown;
  const words = labels.map((word) => tokenizer.encode(` ${word}`)[0]!);
  const ids = vocabulary === words.length ? Int32Array.from(words) : candidatesOf(shown, vocabulary, size);
  return shown.map((b) => among(b, ids));
}
