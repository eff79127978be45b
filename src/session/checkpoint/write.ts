import { access, constants, mkdtemp, readdir, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { inspect } from 'node:util';
import { CheckpointError, ConfigError } from '../../errors.ts';
import {
  realDisk,
  safetensorsChunks,
  writeFolder,
  type Disk,
  type FileToWrite,
} from '../../formats/index.ts';
import type { SaveDtype } from '../../model/index.ts';
import type { AnyTrainer } from '../../train/index.ts';
import type { BaseSeals, RunBase } from '../base.ts';
import type { RunConfig, SessionConfig } from '../config.ts';
import type { RunSource } from '../source.ts';
import { tinyModel } from '../tiny.ts';
import { FORMAT, versionsOf, type About } from './about.ts';
import { writeHistory } from './history.ts';
import type { ModelFiles, ModelFilesOptions } from './model-files.ts';
import { momentsToWrite } from './moments.ts';
import { writeSettings } from './settings.ts';
import { writeState } from './state.ts';

/** Options of `save`. */
export interface SaveOptions {
  /**
   * Save what is needed to go on training: moments, labels, the log of steps. False saves the model alone. Defaults to true
   * where the weights are written as they are, in float32.
   */
  state?: boolean;
  /** Element type of the weights: `F32` (default), `BF16`, `F16`, or `source` for that of the file they came from. */
  dtype?: SaveDtype;
  /** Add LoRA to the weights: a model like any other, which a run cannot go on from. Default false: it is written beside them. */
  merge?: boolean;
}

/** What is saved. */
export interface Run {
  trainer: AnyTrainer;
  source: RunSource;
  config: RunConfig & Partial<Pick<SessionConfig, 'maxLength' | 'adapter'>>;
  base: RunBase;
  modelFiles(options: ModelFilesOptions): Promise<ModelFiles>;
}

/** Names of the files that are not Hugging Face's. */
export const ABOUT = 'hi-zfo.json';
export const MOMENTS = 'optimizer.safetensors';

/**
 * Writes DIR/ with the model's files (a Hugging Face folder that loads anywhere, for a language model), hi-zfo.json (what the run is, its history and how to go
 * on) and the optimizer's moments beside the weights, and a manifest of all. A folder that was there is replaced whole or
 * not at all, whenever the process ends.
 */
export async function saveRun(
  run: Run,
  dir: string,
  { dtype = 'F32', merge = false, ...options }: SaveOptions = {},
  disk: Disk = realDisk,
): Promise<void> {
  await assertReplaceable(dir);
  const { trainer } = run;
  const { files: model, forState, exact } = await run.modelFiles({ dir, dtype, merge });
  const { state = exact } = options;
  if (state && merge) {
    throw new ConfigError('A run cannot go on from merged weights. Save with merge: false or state: false.');
  }
  if (state && !exact) {
    throw new ConfigError(
      `A run cannot go on from weights rounded to ${dtype}. Save with dtype 'F32' or state: false.`,
    );
  }
  const seals = await run.base.seals();
  // from here on all is of one moment: what is edited while the files are written is not in them
  await trainer.still(() => {
    const files: FileToWrite[] = [...model];
    if (state) {
      files.push(...forState);
      const { tensors, metadata } = momentsToWrite(trainer.optimizer);
      files.push({ name: MOMENTS, chunks: () => safetensorsChunks(tensors, metadata) });
    }
    const text = jsonText(documentOf(run, seals, state));
    files.push({ name: ABOUT, chunks: () => [Buffer.from(text)] });
    return writeFolder(dir, files, disk).catch((error: unknown) => {
      throw unsaved(dir, error);
    });
  });
}

/** The content of hi-zfo.json. */
function documentOf({ trainer, source, config }: Run, base: BaseSeals, state: boolean): object {
  const { method, seed, maxLength, rho, modelName } = config;
  const batchSize = Number.isNaN(config.batchSize) ? undefined : config.batchSize;
  const about: About = {
    step: trainer.steps,
    drawn: batchSize && trainer.steps * batchSize,
    ...{ method, seed, batchSize, maxLength, rho, modelName },
    base: base.dir === tinyModel() ? { ...base, dir: 'tiny' } : base,
    task: { ...config.task, title: source.name, digest: source.digest },
    ...(config.adapter && { adapter: { kind: config.adapter.kind, base: config.adapter.base } }),
    made: versionsOf(trainer.model.engine),
  };
  const labels = trainer.labels?.entries.map((e) => [e.parameter.name, e.label]) ?? [];
  return {
    hiZfo: FORMAT,
    ...about,
    settings: writeSettings(trainer.settings),
    labels: Object.fromEntries(labels) as object,
    history: writeHistory(trainer),
    state: state ? writeState(trainer.state, trainer.model.parameters.list) : null,
  };
}

/** One line a member, so that people find their way. */
function jsonText(document: object): string {
  const known = Object.entries(document).filter(([, v]) => v !== undefined);
  const lines = known.map(([k, v]) => `  ${JSON.stringify(k)}: ${JSON.stringify(v)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

/**
 * Throws ConfigError for a folder that nothing can be saved to, for those who would find out only when hours of training are done. A
 * folder that looks writable need not be (as root, /proc does), so one is made beside it and taken away again.
 */
export async function assertSavable(dir: string): Promise<void> {
  await assertReplaceable(dir);
  const parent = await nearestFolder(dirname(resolve(dir)));
  const trial = await mkdtemp(join(parent, '.hi-zfo-')).catch((cause: Error) => {
    const why = `no folder can be made in ${parent} (${cause.message})`;
    throw new ConfigError(`Cannot save to ${dir}: ${why}. Give another folder.`, { cause });
  });
  await rmdir(trial);
}

/**
 * A folder that is there already is replaced whole, so it must be a run saved before, or empty; one that is not must be one that can be
 * made. Throws ConfigError.
 */
async function assertReplaceable(dir: string): Promise<void> {
  if (typeof dir !== 'string' || dir.trim() === '') {
    throw new ConfigError(`${inspect(dir)} is no folder to save to. Give a path: save('runs/a').`);
  }
  const found = await readdir(dir).catch((e: NodeJS.ErrnoException): string[] => {
    if (e.code === 'ENOENT') return [];
    throw new ConfigError(`Cannot save to ${dir}: ${e.message}. Give the path of a folder.`, { cause: e });
  });
  if (found.length > 0 && !found.includes(ABOUT)) {
    throw new ConfigError(
      `${dir} holds other files (${found.slice(0, 3).join(', ')}), which saving would replace. Give a new folder.`,
    );
  }
  const parent = await nearestFolder(dirname(resolve(dir)));
  await access(parent, constants.W_OK).catch((cause: unknown) => {
    throw new ConfigError(`Cannot save to ${dir}: ${parent} may not be written to. Give another folder.`, {
      cause,
    });
  });
}

/** What a save throws for an error of the file system; other errors stay as they are. */
function unsaved(dir: string, cause: unknown): unknown {
  if (!(cause instanceof Error && 'syscall' in cause)) return cause;
  return new CheckpointError(
    `Cannot save to ${dir}: ${cause.message}. The session and what was saved before are as they were; save to another folder.`,
    { cause },
  );
}

/** The folder itself, or the nearest above it that is there. */
async function nearestFolder(path: string): Promise<string> {
  const there = await stat(path).catch(() => undefined);
  return there || dirname(path) === path ? path : nearestFolder(dirname(path));
}
