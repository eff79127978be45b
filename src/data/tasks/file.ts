import { basename } from 'node:path';
import { ConfigError } from '../../errors.ts';
import type { Example, Task } from '../task.ts';
import { definitions, type FileFormat, type TaskDefinition } from './definitions.ts';
import { exampleOf, formatOf, rowsOf } from './examples.ts';
import { assertReady, metrics, type MetricName } from './metrics.ts';

export interface FileTaskOptions {
  /** Layout of the rows; by default it is told from the fields of the first row. */
  format?: FileFormat | undefined;
  /** Test examples: the last N rows (default: a tenth, at most 200), or the path of a second file. */
  test?: number | string | undefined;
  /** How outputs are scored; the layout's own way by default. */
  metric?: MetricName;
  /** Longest completion to generate, in tokens; the layout's own by default. */
  maxNewTokens?: number;
  /** Default: the file's name. */
  name?: string;
}

async function readExamples(
  path: string,
  format?: FileFormat,
): Promise<{ examples: Example[]; format: FileFormat }> {
  const rows = await rowsOf([path]);
  if (format !== undefined && !Object.hasOwn(definitions, format)) {
    throw new ConfigError(
      `The format ${String(format)} is not known; take one of ${Object.keys(definitions).join(', ')}.`,
    );
  }
  const layout = format ?? formatOf(rows[0]!);
  return { examples: rows.map((row) => exampleOf(row, definitions[layout])), format: layout };
}

/**
 * A task from one data file (JSON lines, a JSON list, CSV, parquet, or one of these gzipped), all of its rows in order: the
 * layouts are those of the paper's tasks, {prompt, completion} and {messages}. `dataTask` draws splits instead.
 * Throws FormatError for a file that is missing, empty or malformed, with its line, and ConfigError for a split that leaves
 * nothing to train on.
 */
export async function fileTask(path: string, options: FileTaskOptions = {}): Promise<Task> {
  const { examples, format } = await readExamples(path, options.format);
  let train = examples;
  let test: Example[];
  if (typeof options.test === 'string') {
    test = (await readExamples(options.test, format)).examples;
  } else {
    const rows = options.test ?? Math.min(200, Math.floor(examples.length / 10));
    if (!Number.isInteger(rows) || rows < 0 || rows >= examples.length) {
      throw new ConfigError(
        `${rows} test rows were asked for, but ${path} has ${examples.length}; give a whole number that leaves at least one to train on.`,
      );
    }
    train = examples.slice(0, examples.length - rows);
    test = examples.slice(examples.length - rows);
  }
  const layout: TaskDefinition = definitions[format];
  const metric = options.metric ?? layout.metric;
  return {
    name: options.name ?? basename(path).replace(/\..*$/, ''),
    kind: metric === 'accuracy' ? 'classification' : 'generation',
    description: `Examples of ${path} (${format}, scored by ${metric}).`,
    train,
    test,
    maxLength: layout.maxLength,
    maxNewTokens: options.maxNewTokens ?? layout.maxNewTokens,
    ...(layout.generation && { generation: layout.generation }),
    ready: () => assertReady(metric),
    score: async (outputs, all) => metrics[metric](outputs, all),
  };
}
