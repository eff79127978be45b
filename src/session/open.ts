import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { inspect } from 'node:util';
import { ConfigError } from '../errors.ts';
import { loadTokenizer, type DataTaskOptions, type FileFormat, type Task } from '../data/index.ts';
import type { Engine, EngineName } from '../engine/index.ts';
import { isGguf, openSource, settleFolder } from '../formats/index.ts';
import {
  ADAPTER_CONFIG,
  adaptedConfig,
  OwnDefinition,
  parseConfig,
  planAdapter,
  type AdapterOptions,
} from '../model/index.ts';
import { checkOptions, type Names } from '../options.ts';
import { settingNames, type MethodName, type SnapshotOptions, type StepOptions } from '../train/index.ts';
import { Base, withAdapter } from './base.ts';
import { BatchSource } from './batches.ts';
import { checkRun, engineOf } from './checks.ts';
import type { SessionConfig } from './config.ts';
import { loadShown } from './load-shown.ts';
import { openOwn, type OwnOpenOptions } from './own/open.ts';
import type { OwnSession } from './own/session.ts';
import { presetFor } from './presets.ts';
import { resumeSession } from './resume.ts';
import { Session } from './session.ts';
import { taskOf } from './task-of.ts';
import { modelFolder } from './tiny.ts';

/** Options of `open`; step options (rates, epsilon, alpha, ...) may be given alongside. */
export interface OpenOptions extends StepOptions {
  /**
   * Folder of a saved run to go on with, bit for bit on the same engine. Beside it only step options (a change of settings),
   * `engine`, `snapshots` and `show` may be given, and `task` where it was an object; all else is as it was.
   */
  resume?: string;
  /** `tiny` (the model that ships, default), a Hugging Face folder or a .gguf file. */
  model?: string;
  /**
   * Name of a task (`dialogue-summary` by default; gsm8k, math500, humaneval, dialogsum, scitldr, webquestions), path of a data
   * file or folder, what makes a task from your data, or a task of your own.
   */
  task?: string | DataTaskOptions | Task;
  /** Data of a task by name: a file, a folder, or a file for each split. */
  data?: DataTaskOptions['data'];
  /** Format of a file task; found from its fields when left out. */
  format?: FileFormat;
  /** Held-out examples of a file task: the last N rows, or a second file; by default a tenth, at most 200. */
  test?: number | string;
  /**
   * LoRA or a prefix, to be trained beside the model, which is frozen or, with base: 'ZO', moved by ZO estimates: `{ kind: 'lora',
   * rank, alpha, targets, base }`, `{ kind: 'prefix', tokens, init, base }`, or `{ from: FOLDER }` of PEFT's to go on with. The
   * method's labels are the adapter's.
   */
  adapter?: AdapterOptions;
  /** Defaults to `hi-zfo`. */
  method?: MethodName;
  /** Engine or its name; defaults to `auto`. */
  engine?: EngineName | Engine;
  /** One seed = one run; defaults to 0. */
  seed?: number;
  /** Examples a step; defaults to the preset's, or 4. */
  batchSize?: number;
  /** Tokens an example at most; longer prompts are cut. Defaults to the preset's, the task's, or 512 (less on a shorter model). */
  maxLength?: number;
  /** Share of a step's FLOPs for the partition; defaults to 0.6. */
  rho?: number;
  /** Snapshots in memory, for `rewind`: by default every 10 steps within 256 MiB. A large model needs more bytes to have any. */
  snapshots?: SnapshotOptions;
  /** Show progress and live figures; defaults to true. */
  show?: boolean;
}

/** Names of all options. */
const names = {
  ...{ model: true, task: true, data: true, format: true, test: true, adapter: true, method: true },
  ...{ engine: true, seed: true, batchSize: true, maxLength: true, rho: true, snapshots: true, show: true },
  ...{ resume: true, ...settingNames },
} satisfies Names<OpenOptions>;

/**
 * Opens a session. Everything is checked before anything is loaded.
 *
 * @example
 * const s = await open({ model: 'tiny', task: 'dialogue-summary', seed: 7 });
 * await s.run(50);
 */
export async function open(options?: OpenOptions): Promise<Session>;
/** Opens a session on a model of your own: `ownModel` or `layersModel`. */
export async function open<B>(options: OwnOpenOptions<B>): Promise<OwnSession<B>>;
export async function open<B>(
  options: OpenOptions | OwnOpenOptions<B> = {},
): Promise<Session | OwnSession<B>> {
  if (isOwn(options)) return openOwn(options);
  checkOptions('open', options, names);
  if (options.model !== undefined && typeof options.model !== 'string') {
    throw new ConfigError(
      `model is ${inspect(options.model, { depth: -1 })}. Give 'tiny', the path of a model, layersModel(net, { loss }) for a tf.LayersModel, ` +
        'or ownModel({ weights, loss }).',
    );
  }
  const { resume } = options;
  if (resume !== undefined) return resumeSession({ ...options, resume });
  const {
    model = 'tiny',
    task = 'dialogue-summary',
    data,
    format,
    test,
    adapter,
    method = 'hi-zfo',
    engine = 'auto',
    ...more
  } = options;
  const { seed = 0, batchSize, maxLength, rho, snapshots = {}, show = true, ...step } = more;
  checkRun({ method, seed, rho, snapshots, step });
  const { task: found, origin } = await taskOf(task, { data, format, test }, seed);
  const preset = model === 'tiny' ? presetFor(found.name) : {};
  const given = Object.entries(step).filter(([, value]) => value !== undefined);
  const settings: StepOptions = { ...preset.step, ...Object.fromEntries(given) };

  const path = modelFolder(model);
  await settleFolder(path);
  const there = await stat(path).catch(() => undefined);
  if (isGguf(path) ? !there?.isFile() : !there?.isDirectory()) {
    throw new ConfigError(
      `There is no model ${isGguf(path) ? 'file' : 'folder'} ${path}. Give a Hugging Face folder, a .gguf file, or 'tiny'.`,
    );
  }
  if (!adapter && (await stat(join(path, ADAPTER_CONFIG)).catch(() => undefined))) {
    throw new ConfigError(
      `${path} holds an adapter. Open the model that it belongs to with it: open({ model, adapter: { from: ${JSON.stringify(path)} } }), ` +
        'or go on with the run: open({ resume }).',
    );
  }
  const weights = await openSource(path);
  try {
    const own = parseConfig(weights.config, weights.configPath);
    const plan = adapter && (await planAdapter(own, adapter));
    const { maxPositions } = adaptedConfig(own, plan?.adapter);
    if (maxLength !== undefined && maxLength > maxPositions) {
      throw new ConfigError(`maxLength is ${maxLength}; the model has ${maxPositions} positions for text.`);
    }
    const length = maxLength ?? preset.maxLength ?? Math.min(found.maxLength ?? 512, maxPositions);
    const tokenizer = await loadTokenizer(await weights.tokenizer());
    const size = batchSize ?? preset.batchSize ?? 4;
    const source = new BatchSource(found, tokenizer, size, length, seed);
    const on = await engineOf(engine);
    const base = await Base.at(path);
    const config: SessionConfig = {
      modelName: model === 'tiny' ? 'tiny' : basename(path),
      modelDir: path,
      adapter: plan?.adapter,
      method,
      task: origin,
      seed,
      batchSize: size,
      maxLength: source.maxLength,
      step: settings,
      rho: rho ?? 0.6,
      snapshots,
      show,
    };
    const loaded = await loadShown(on, weights, show, { adapter, seed });
    const session = new Session({
      engine: on,
      model: loaded,
      source,
      config,
      base: plan ? withAdapter(base, loaded) : base,
    });
    for (const warning of tokenizer.warnings) session.warn(warning);
    return session;
  } finally {
    await weights.close();
  }
}

function isOwn<B>(options: OpenOptions | OwnOpenOptions<B>): options is OwnOpenOptions<B> {
  const { model } = Object(options) as { model?: unknown }; // in plain JavaScript it may be anything, null too
  return model instanceof OwnDefinition;
}
