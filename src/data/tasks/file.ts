import { basename } from 'node:path';
import { ConfigError, FormatError } from '../../errors.ts';
import { accuracyScores } from '../metrics/accuracy.ts';
import { exactMatchScores, finalNumber, finalNumberScores } from '../metrics/exact-match.ts';
import { rougeScores } from '../metrics/rouge.ts';
import type { Example, Task } from '../task.ts';
import { readRows, type Row } from './read-rows.ts';

/** Layout of the rows of a data file. */
export type FileFormat = 'gsm8k' | 'prompt-completion';

const metrics = {
  rouge: rougeScores,
  'exact-match': exactMatchScores,
  'final-number': finalNumberScores,
  accuracy: accuracyScores,
};

export interface FileTaskOptions {
  /** Layout of the rows; by default it is told from the fields of the first row. */
  format?: FileFormat;
  /** Test examples: the last N rows (default: a tenth, at most 200), or the path of a second file. */
  test?: number | string;
  /** How outputs are scored; default `final-number` for gsm8k and `rouge` for prompt-completion. */
  metric?: keyof typeof metrics;
  /** Longest completion to generate, in tokens; default 256 for gsm8k and 64 for prompt-completion. */
  maxNewTokens?: number;
  /** Default: the file's name. */
  name?: string;
}

const fieldsOf: Record<FileFormat, [string, string]> = {
  gsm8k: ['question', 'answer'],
  'prompt-completion': ['prompt', 'completion'],
};

function detect(row: Row): FileFormat {
  const found = (Object.keys(fieldsOf) as FileFormat[]).find((f) =>
    fieldsOf[f].every((key) => key in row.fields),
  );
  if (found) return found;
  throw new FormatError(
    `${row.where} has the fields ${Object.keys(row.fields).join(', ') || '(none)'}; ` +
      'an example needs question and answer (gsm8k), or prompt and completion.',
  );
}

function toExample(row: Row, format: FileFormat): Example {
  const [prompt, completion] = fieldsOf[format].map((key) => {
    const value = row.fields[key];
    if (typeof value === 'string') return value;
    throw new FormatError(
      `${row.where} has no text in its field "${key}", which the format ${format} needs.`,
    );
  }) as [string, string];
  if (format === 'prompt-completion') {
    const { references } = row.fields;
    const texts = Array.isArray(references) && references.every((r): r is string => typeof r === 'string');
    return texts ? { prompt, completion, references } : { prompt, completion };
  }
  if (finalNumber(completion) === undefined) {
    throw new FormatError(
      `${row.where} has no number after #### in its answer, which the format gsm8k needs.`,
    );
  }
  return { prompt: `Question: ${prompt}\nAnswer:`, completion: ` ${completion}` };
}

async function readExamples(
  path: string,
  format?: FileFormat,
): Promise<{ examples: Example[]; format: FileFormat }> {
  const rows = await readRows(path);
  if (rows.length === 0) throw new FormatError(`The task is empty: ${path} holds no examples.`);
  const layout = format ?? detect(rows[0]!);
  return { examples: rows.map((row) => toExample(row, layout)), format: layout };
}

/**
 * A task from a JSON-lines file (or a JSON list) of {question, answer} rows as in GSM8K, or of {prompt, completion} rows
 * with optional `references`. Throws FormatError for a file that is missing, empty or malformed, with its line, and
 * ConfigError for a split that leaves nothing to train on.
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
  const gsm8k = format === 'gsm8k';
  const metric = options.metric ?? (gsm8k ? 'final-number' : 'rouge');
  return {
    name: options.name ?? basename(path).replace(/\.jsonl?$/, ''),
    kind: metric === 'accuracy' ? 'classification' : 'generation',
    description: `Examples of ${path} (${format}, scored by ${metric}).`,
    train,
    test,
    maxNewTokens: options.maxNewTokens ?? (gsm8k ? 256 : 64),
    score: (outputs, all) => Promise.resolve(metrics[metric](outputs, all)),
  };
}
