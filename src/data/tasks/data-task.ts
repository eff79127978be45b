import { basename, resolve } from 'node:path';
import { ConfigError, FormatError } from '../../errors.ts';
import { checkOptions, type Names } from '../../options.ts';
import { dataFolders, filesAt, type SplitFiles } from '../files/locate.ts';
import type { Row } from '../files/row.ts';
import type { Example, Generation, Task } from '../task.ts';
import {
  definitions,
  published,
  type FileFormat,
  type PublishedName,
  type TaskDefinition,
} from './definitions.ts';
import { exampleOf, formatOf, rowsOf } from './examples.ts';
import { assertReady, metrics, type Metric, type MetricName } from './metrics.ts';
import { peerCounts, splitRows, type Pools, type SplitCounts } from './split.ts';

/** A task from data files. All but one of `name` and `data` may be left out. */
export interface DataTaskOptions {
  /** gsm8k, math500, humaneval, dialogsum, scitldr, webquestions, or a name of your own. */
  name?: string;
  /**
   * A file, a folder of files named by split, or a file for each split. By default it is looked for in the folder NAME of
   * HI_ZFO_DATA, then in data/NAME and in NAME, where `hi-zfo pull data NAME` puts it.
   */
  data?: string | { train: string; validation?: string; test?: string };
  /** Layout of the rows, when it can be told neither from the name nor from the fields. */
  format?: FileFormat;
  /** Template of the prompt over the fields of a row: `'Translate: {english}\nFrench:'`. */
  prompt?: string;
  /** Template of the completion: `' {french}'`. */
  completion?: string;
  /** Fields that hold accepted answers, each a text or a list; the completion alone by default. */
  references?: readonly string[];
  /** How outputs are scored: a name, or a function of outputs and examples. */
  metric?: MetricName | Metric;
  /** Tokens of a training row, prompt and completion together. */
  maxLength?: number;
  /** Field of the prompt that loses its end when it has more than `tokens` tokens or the row is too long. */
  cut?: { field: string; tokens: number };
  /** Longest text to generate, in tokens. */
  maxNewTokens?: number;
  /** How texts are generated. */
  generation?: Generation;
  /** Numbers of examples, drawn by seed when there are more; by default 1,000, 500 and 1,000. */
  split?: Partial<SplitCounts>;
  /** Seed of the draw; default 0. */
  seed?: number;
}

/** Names of {@link DataTaskOptions}. */
const names = {
  ...{ data: true, name: true, format: true, prompt: true, completion: true, references: true, metric: true },
  ...{ maxLength: true, cut: true, maxNewTokens: true, generation: true, split: true, seed: true },
} satisfies Names<DataTaskOptions>;
const splitNames = { train: true, validation: true, test: true } satisfies Names<SplitCounts>;

/** Throws ConfigError for an option that there is not, in those within too. */
function checkTask(options: DataTaskOptions): void {
  checkOptions('task', options, names);
  const { data, split, cut } = options;
  if (data !== undefined && typeof data !== 'string') checkOptions('data', data, splitNames);
  if (split !== undefined) checkOptions('split', split, splitNames);
  if (cut !== undefined) {
    checkOptions('cut', cut, { field: true, tokens: true } satisfies Names<DataTaskOptions['cut'] & object>);
  }
}

/** The files of a task. Throws when there are none, and says where they belong and how to get them. */
async function locate({ name, data }: DataTaskOptions): Promise<SplitFiles> {
  if (typeof data === 'object') {
    const { train, validation, test } = data;
    return { train: [train], ...(validation && { validation: [validation] }), ...(test && { test: [test] }) };
  }
  const isKnown = name !== undefined && Object.hasOwn(published, name);
  const places = data !== undefined ? [data] : isKnown ? dataFolders(name) : [];
  for (const place of places) {
    const files = await filesAt(place);
    if (files) return files;
  }
  if (data === undefined && !isKnown) {
    throw new ConfigError(
      `The task${name === undefined ? '' : ` ${name}`} needs data: a file or a folder. By name alone there are ${Object.keys(published).join(', ')}.`,
    );
  }
  const get = isKnown
    ? ` Run "hi-zfo pull data ${name}", or give the place: { name: '${name}', data: './${name}' }.`
    : '';
  throw new FormatError(
    `There is no data file or folder ${places.map((p) => resolve(p)).join(', nor ')}.${get}`,
  );
}

/** The definition that a task starts from: that of its name or format, else that of the layout of its first row. */
function baseOf({ name, format, prompt, completion }: DataTaskOptions, first: Row): TaskDefinition {
  const known =
    format ?? (name !== undefined && Object.hasOwn(published, name) ? (name as PublishedName) : undefined);
  if (known !== undefined && !Object.hasOwn(definitions, known)) {
    throw new ConfigError(`format is ${known}; take one of ${Object.keys(definitions).join(', ')}.`);
  }
  const own = prompt !== undefined && completion !== undefined;
  return definitions[known ?? (own ? 'prompt-completion' : formatOf(first))];
}

/** The options over the definition. */
function definitionOf(base: TaskDefinition, options: DataTaskOptions): TaskDefinition {
  const { prompt = base.prompt, completion = base.completion, references, cut = base.cut } = options;
  const chat = base.chat && options.prompt === undefined;
  return {
    ...base,
    prompt,
    completion,
    ...(chat !== undefined && { chat }),
    ...(references && { references }),
    ...(cut && { cut }),
    maxLength: options.maxLength ?? base.maxLength,
    maxNewTokens: options.maxNewTokens ?? base.maxNewTokens,
    generation: { ...base.generation, ...options.generation },
  };
}

/**
 * A task from published data or from files of your own. What the paper's six tasks take from where is in docs/tasks.md.
 * Throws FormatError for files that are missing or do not fit, ConfigError for options that cannot be.
 *
 * @example
 * await dataTask({ name: 'dialogsum', data: '../data/dialogsum' });
 * await dataTask({ data: './pairs.csv', prompt: 'Translate: {english}\nFrench:', completion: ' {french}', metric: 'exact-match' });
 */
export async function dataTask(options: DataTaskOptions): Promise<Task> {
  checkTask(options);
  const files = await locate(options);
  const splits = Object.keys(files) as (keyof SplitFiles)[];
  const rows = await Promise.all(splits.map((split) => rowsOf(files[split]!)));
  const base = baseOf(options, rows[0]![0]!);
  const definition = definitionOf(base, options);
  const pools = Object.fromEntries(
    splits.map((split, i) => [split, rows[i]!.map((row) => exampleOf(row, definition))]),
  ) as Pools<Example>;

  const path = Object.values(files)[0]![0]!;
  const { name = basename(path).replace(/\..*$/, ''), seed = 0 } = options;
  const { train, validation, test, notes } = splitRows(pools, { ...peerCounts, ...options.split }, [
    name,
    seed,
  ]);
  const metric = options.metric ?? definition.metric;
  if (typeof metric === 'string' && !Object.hasOwn(metrics, metric)) {
    throw new ConfigError(
      `metric is ${metric}; take one of ${Object.keys(metrics).join(', ')}, or a function.`,
    );
  }
  const score: Metric = typeof metric === 'string' ? metrics[metric] : metric;
  return {
    name,
    kind: metric === 'accuracy' ? 'classification' : 'generation',
    description: definition.description,
    train,
    validation,
    test,
    maxLength: definition.maxLength,
    maxNewTokens: definition.maxNewTokens,
    ...(definition.generation && { generation: definition.generation }),
    notes,
    ready: () => assertReady(metric),
    score: async (outputs, examples) => score(outputs, examples),
  };
}
