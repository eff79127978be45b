import { finalNumber } from '../metrics/exact-match.ts';
import type { Example, Generation } from '../task.ts';
import type { MetricName } from './metrics.ts';

/** A task as data: how a row becomes a prompt and a completion, the lengths, and the score. */
export interface TaskDefinition {
  /** One sentence for people. */
  description: string;
  /** Template of the prompt over the row's fields (see template.ts). */
  prompt: string;
  /** Template of the completion, the text that is learnt. */
  completion: string;
  /** Fields that hold accepted answers, each a text or a list; the completion alone by default. */
  references?: readonly string[];
  /** Field of the prompt that loses its end when it has more than `tokens` tokens or the row is too long. */
  cut?: { field: string; tokens: number };
  /** Fields that scoring needs: name in `meta` -> field. */
  meta?: Readonly<Record<string, string>>;
  /** The rows are conversations, and the templates are not used. */
  chat?: boolean;
  metric: MetricName;
  /** Tokens of a training row, prompt and completion together. */
  maxLength: number;
  /** Longest text to generate, in tokens. */
  maxNewTokens: number;
  /** How to generate, greedily when left out. */
  generation?: Generation;
  /** What is wrong with an example, if anything. */
  check?: (example: Example) => string | undefined;
}

/** GreenTrainer, decoder_lm/utils.py. */
const peers: Generation = { beams: 4, repetitionPenalty: 2.5, lengthPenalty: 1, earlyStopping: true };

/** The paper's six tasks. Where each choice comes from: docs/tasks.md. */
export const published = {
  gsm8k: {
    description: 'Grade-school maths with a worked answer that ends in #### N (exact match of N).',
    prompt: 'Question: {question}\nAnswer:',
    completion: ' {answer}',
    metric: 'final-number',
    maxLength: 512,
    maxNewTokens: 256,
    generation: { stop: ['Question:'] },
    check: ({ completion }) =>
      finalNumber(completion) === undefined ? 'has no number after #### in its answer' : undefined,
  },
  math500: {
    description: "Competition maths with a worked solution, its answer in \\boxed{} (MATH's rules).",
    prompt: 'Problem:\n{problem}\n\nSolution:',
    completion: ' {solution}',
    meta: { answer: 'answer' },
    metric: 'math',
    maxLength: 1024,
    maxNewTokens: 512,
    generation: { stop: ['Problem:'] },
  },
  humaneval: {
    description: 'Python functions from their docstrings (pass@1: the tests are run).',
    prompt: '{prompt}',
    completion: '{canonical_solution}',
    meta: { test: 'test', entryPoint: 'entry_point' },
    metric: 'python',
    maxLength: 1024,
    maxNewTokens: 512,
    generation: { stop: ['\nclass', '\ndef', '\n#', '\nif', '\nprint'] },
  },
  dialogsum: {
    description: 'Summaries of dialogues (ROUGE).',
    prompt: '{dialogue} TL;DR:',
    completion: ' {summary|summary1}',
    references: ['summary', 'summary1', 'summary2', 'summary3'],
    cut: { field: 'dialogue', tokens: 416 },
    metric: 'rouge-plain',
    maxLength: 512,
    maxNewTokens: 128,
    generation: peers,
  },
  scitldr: {
    description: 'One-line summaries of abstracts (ROUGE).',
    prompt: '{source} TL;DR:',
    completion: ' {target.0}',
    references: ['target'],
    cut: { field: 'source', tokens: 416 },
    metric: 'rouge-plain',
    maxLength: 512,
    maxNewTokens: 64,
    generation: peers,
  },
  webquestions: {
    description: 'Short answers to questions (word F1 and exact match over several answers).',
    prompt: 'question:{question|qText}</s>answer:',
    completion: '{answers.0}',
    references: ['answers'],
    cut: { field: 'question|qText', tokens: 72 },
    metric: 'answer',
    maxLength: 160,
    maxNewTokens: 64,
    generation: peers,
  },
} satisfies Record<string, TaskDefinition>;

/** Rows that name their own prompt and completion. */
const promptCompletion: TaskDefinition = {
  description: 'Prompts with their completions.',
  prompt: '{prompt}',
  completion: '{completion}',
  references: ['references'],
  metric: 'rouge',
  maxLength: 512,
  maxNewTokens: 64,
};

/** Conversations; the prompt is what comes before the last turn of the assistant. */
const messages: TaskDefinition = {
  description: 'Conversations; the loss is taken on the turns of the assistant.',
  chat: true,
  prompt: '',
  completion: '',
  metric: 'rouge',
  maxLength: 1024,
  maxNewTokens: 256,
};

/** Every layout of rows that is known, by name. */
export const definitions = { ...published, 'prompt-completion': promptCompletion, messages } as const;

export type PublishedName = keyof typeof published;
/** Layout of the rows of a data file. */
export type FileFormat = keyof typeof definitions;
export const fileFormats = Object.keys(definitions) as FileFormat[];
