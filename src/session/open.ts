import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { ConfigError } from '../errors.ts';
import { fileTask, loadTokenizer, tasks, type Task } from '../data/index.ts';
import { openEngine, type Engine, type EngineName } from '../engine/index.ts';
import { isGguf, openSource } from '../formats/index.ts';
import { loadModel, parseConfig } from '../model/index.ts';
import { packageRoot } from '../package-root.ts';
import { methods, stepSettings, type MethodName, type StepOptions } from '../train/index.ts';
import { BatchSource } from './batches.ts';
import { presetFor } from './presets.ts';
import { Session } from './session.ts';

/** Options of `open`; step options (rates, epsilon, alpha, ...) may be given alongside. */
export interface OpenOptions extends StepOptions {
  /** `tiny` (the model that ships, default), a Hugging Face folder or a .gguf file. */
  model?: string;
  /** Name of a task (`dialogue-summary` by default), path of a .jsonl or .json file, or a task of your own. */
  task?: string | Task;
  /** Format of a file task; found from its fields when left out. */
  format?: 'gsm8k' | 'prompt-completion';
  /** Held-out examples of a file task: the last N rows, or a second file; by default a tenth, at most 200. */
  test?: number | string;
  /** Defaults to `hi-zfo`. */
  method?: MethodName;
  /** Engine or its name; defaults to `auto`. */
  engine?: EngineName | Engine;
  /** One seed = one run; defaults to 0. */
  seed?: number;
  /** Examples a step; defaults to the preset's, or 4. */
  batchSize?: number;
  /** Tokens an example at most; longer prompts lose their beginning. Defaults to the preset's, or 512 (less on a shorter model). */
  maxLength?: number;
  /** Share of a step's FLOPs for the partition; defaults to 0.6. */
  rho?: number;
  /** Show progress and live figures; defaults to true. */
  show?: boolean;
}

/**
 * Opens a session. Everything is checked before anything is loaded.
 *
 * @example
 * const s = await open({ model: 'tiny', task: 'dialogue-summary', seed: 7 });
 * await s.run(50);
 */
export async function open(options: OpenOptions = {}): Promise<Session> {
  const {
    model = 'tiny',
    task = 'dialogue-summary',
    format,
    test,
    method = 'hi-zfo',
    engine = 'auto',
    ...more
  } = options;
  const { seed = 0, batchSize, maxLength, rho, show = true, ...step } = more;
  if (!Object.hasOwn(methods, method)) {
    throw new ConfigError(
      `method is ${JSON.stringify(method)}; take one of ${Object.keys(methods).join(', ')}.`,
    );
  }
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new ConfigError(`seed is ${seed}; it must be a whole number from 0 to 4294967295.`);
  }
  if (rho !== undefined && !(rho >= 0 && rho <= 1))
    throw new ConfigError(`rho is ${rho}; it must be from 0 to 1.`);
  const found = await taskOf(task, { format, test }, seed);
  const preset = model === 'tiny' ? presetFor(found.name) : {};
  const given = Object.entries(step).filter(([, value]) => value !== undefined);
  const settings: StepOptions = { ...preset.step, ...Object.fromEntries(given) };
  stepSettings({ ...methods[method].step, ...settings });

  const path = model === 'tiny' ? tinyModel() : resolve(model);
  const there = await stat(path).catch(() => undefined);
  if (isGguf(path) ? !there?.isFile() : !there?.isDirectory()) {
    throw new ConfigError(
      `There is no model ${isGguf(path) ? 'file' : 'folder'} ${path}. Give a Hugging Face folder, a .gguf file, or 'tiny'.`,
    );
  }
  const weights = await openSource(path);
  try {
    const { maxPositions } = parseConfig(weights.config, weights.configPath);
    if (maxLength !== undefined && maxLength > maxPositions) {
      throw new ConfigError(`maxLength is ${maxLength}; the model has ${maxPositions} positions.`);
    }
    const length = maxLength ?? preset.maxLength ?? Math.min(512, maxPositions);
    const tokenizer = await loadTokenizer(await weights.tokenizer());
    const size = batchSize ?? preset.batchSize ?? 4;
    const source = new BatchSource(found, tokenizer, size, length, seed);
    const on = typeof engine === 'string' ? await openEngine(engine) : engine;
    return new Session(on, await loadModel(on, weights), source, {
      modelName: model === 'tiny' ? 'tiny' : basename(path),
      modelDir: path,
      method,
      seed,
      batchSize: size,
      maxLength: source.maxLength,
      step: settings,
      rho: rho ?? 0.6,
      show,
    });
  } finally {
    await weights.close();
  }
}

/** Folder of the model that ships with the package. */
export function tinyModel(): string {
  return join(packageRoot(), 'models', 'tiny');
}

async function taskOf(
  task: string | Task,
  file: Pick<OpenOptions, 'format' | 'test'>,
  seed: number,
): Promise<Task> {
  if (typeof task !== 'string') return task;
  const make = Object.hasOwn(tasks, task) ? tasks[task] : undefined;
  if (make) return make({ seed });
  if (!/[./\\]/.test(task)) {
    throw new ConfigError(
      `There is no task ${task}. Take ${Object.keys(tasks).join(', ')}, or the path of a .jsonl file.`,
    );
  }
  return fileTask(task, file);
}
