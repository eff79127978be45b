import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { FileFormat } from '../data/index.ts';
import type { EngineName } from '../engine/index.ts';
import { ConfigError } from '../errors.ts';
import type { OpenOptions } from '../session/index.ts';
import type { MethodName } from '../train/index.ts';
import { adapterOptions } from './train-adapter.ts';

export const help = `hi-zfo train: profile, partition and train a model

  --model DIR      Hugging Face folder, or tiny (default)
  --task NAME      dialogue-summary, word-problem, label, function; gsm8k, math500, humaneval, dialogsum, scitldr, webquestions
  --data PATH      a folder of data files by split, or one .jsonl, .json, .csv or .parquet file (of the format --task, or of the
                   format that its fields say: also prompt-completion, messages)
  --test FILE      held-out examples of one file; default: its last tenth, at most 200
  --lora RANK      train LoRA of this rank beside the model; --lora-alpha X (default 16), --lora-targets "q v"
  --prefix N       train a prefix of N tokens beside the model
  --adapter DIR    train the adapter in a folder that PEFT or --out wrote
  --base NAME      the model under an adapter: frozen (default) or ZO
  --merge          with LoRA: write a model with it added to the weights, which a run cannot go on from
  --method NAME    hi-zfo (default), full, zo, mezo, frozen, noise
  --steps N        training steps (default 20); of a resumed run, steps more
  --held-out N     held-out examples whose loss is taken before and after (default 8)
  --evaluate N     held-out examples to generate and score at the end (default 0)
  --out DIR        write the trained model there (a Hugging Face folder, settings and history, and what it takes to go on)
  --autosave N     write it after every N-th step too, so that a run that is killed loses no more than the steps since
  --resume DIR     go on with a run that was written, bit for bit; beside it --steps, --out, --autosave, --held-out, --evaluate,
                   --engine and step options may be given, all else is as it was
  --seed N  --batch N  --length N  --rho X  --engine NAME
  --rate-fo X  --rate-zo X  --epsilon X  --alpha X  --queries N  --estimator NAME  --law NAME
  --recompute      run layers again in the backward pass instead of keeping their activations: less memory, more time
  --micro-batch N  rows of a batch that run at a time: less memory, the same step but for rounding
  --json           one JSON object a line instead of text`;

const text = { type: 'string' } as const;

/** What the flags of `hi-zfo train` ask for. */
export interface TrainOrder {
  options: OpenOptions;
  steps: number;
  /** Held-out examples whose loss is taken before and after. */
  heldOut: number;
  /** Held-out examples to generate and score at the end. */
  evaluate: number;
  /** Folder to write to. */
  out: string | undefined;
  /** Steps between two saves; 0: one at the end. */
  autosave: number;
  /** Whether LoRA is added to the weights that are written. */
  merge: boolean;
  /** One JSON object a line instead of text. */
  json: boolean;
}

/** Reads the flags; undefined when they ask for help. Throws ConfigError for what does not go together. */
export function trainOrder(args: string[]): TrainOrder | undefined {
  const { values } = parseArgs({
    args,
    options: {
      model: text,
      task: text,
      data: text,
      test: text,
      method: text,
      steps: text,
      'held-out': text,
      evaluate: text,
      out: text,
      autosave: text,
      lora: text,
      'lora-alpha': text,
      'lora-targets': text,
      prefix: text,
      adapter: text,
      base: text,
      merge: { type: 'boolean' },
      resume: text,
      seed: text,
      batch: text,
      length: text,
      rho: text,
      engine: text,
      'rate-fo': text,
      'rate-zo': text,
      epsilon: text,
      alpha: text,
      queries: text,
      estimator: text,
      law: text,
      recompute: { type: 'boolean' },
      'micro-batch': text,
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return undefined;
  const number = (
    name: Exclude<keyof typeof values, 'recompute' | 'json' | 'help' | 'merge'>,
  ): number | undefined => {
    const given = values[name];
    if (given === undefined) return undefined;
    const x = Number(given);
    if (given.trim() === '' || Number.isNaN(x))
      throw new ConfigError(`--${name} is ${given}; give a number.`);
    return x;
  };
  const steps = count('--steps', number('steps') ?? 20);
  const heldOut = count('--held-out', number('held-out') ?? 8, 0);
  const evaluate = count('--evaluate', number('evaluate') ?? 0, 0);
  const every = count('--autosave', number('autosave') ?? 0, 0);
  if (every > 0 && values.out === undefined) {
    throw new ConfigError(`--autosave ${every} needs --out DIR, the folder to write to.`);
  }
  if (values.merge && (values.out === undefined || every > 0)) {
    throw new ConfigError(
      '--merge needs --out DIR, and no --autosave: what is saved meanwhile must be gone on with.',
    );
  }
  const options: OpenOptions = {
    ...taskOptions(values.task, values.data),
    resume: values.resume,
    model: values.model,
    test: values.test,
    adapter: adapterOptions(values, number),
    method: values.method as MethodName | undefined,
    engine: values.engine as EngineName | undefined,
    seed: number('seed'),
    batchSize: number('batch'),
    maxLength: number('length'),
    rho: number('rho'),
    show: false,
    ...given({
      rateFO: number('rate-fo'),
      rateZO: number('rate-zo'),
      epsilon: number('epsilon'),
      alpha: number('alpha'),
      queries: number('queries'),
      estimator: values.estimator as OpenOptions['estimator'],
      law: values.law as OpenOptions['law'],
      recompute: values.recompute,
      microBatch: number('micro-batch'),
    }),
  };
  return {
    options: given(options),
    steps,
    heldOut,
    evaluate,
    out: values.out,
    autosave: every,
    merge: values.merge ?? false,
    json: values.json ?? false,
  };
}

/** A task by name, all rows of one file, or a folder whose splits are drawn from. */
function taskOptions(
  task: string | undefined,
  data: string | undefined,
): Pick<OpenOptions, 'task' | 'format'> {
  if (data === undefined) return { task };
  if (statSync(data, { throwIfNoEntry: false })?.isDirectory()) {
    return { task: { data, ...(task !== undefined && { name: task }) } };
  }
  return { task: data, format: task as FileFormat | undefined };
}

/** Leaves out what was not given, so that defaults and presets hold. */
function given<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, v]) => v !== undefined)) as T;
}

function count(name: string, x: number, least = 1): number {
  if (!Number.isSafeInteger(x) || x < least)
    throw new ConfigError(`${name} is ${x}; give a whole number from ${least} on.`);
  return x;
}
