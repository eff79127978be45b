import { readdir } from 'node:fs/promises';
import { ConfigError } from '../../errors.ts';
import {
  openCompanions,
  realDisk,
  safetensorsChunks,
  weightFiles,
  writeFolder,
  type Disk,
  type FileToWrite,
  type Json,
} from '../../formats/index.ts';
import { configToWrite, weightsToWrite, type Decoder, type SaveDtype } from '../../model/index.ts';
import type { Trainer } from '../../train/index.ts';
import type { Base, BaseSeals } from '../base.ts';
import type { BatchSource } from '../batches.ts';
import type { SessionConfig } from '../config.ts';
import { tinyModel } from '../tiny.ts';
import { FORMAT, versionsOf, type About } from './about.ts';
import { writeHistory } from './history.ts';
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
}

/** What is saved. */
export interface Run {
  trainer: Trainer;
  source: BatchSource;
  config: SessionConfig;
  base: Base;
}

/** Names of the files that are not Hugging Face's. */
export const ABOUT = 'hi-zfo.json';
export const MOMENTS = 'optimizer.safetensors';

/**
 * Writes DIR/ as a Hugging Face folder that loads anywhere, with hi-zfo.json (what the run is, its history and how to go
 * on) and the optimizer's moments beside the weights, and a manifest of all. A folder that was there is replaced whole or
 * not at all, whenever the process ends.
 */
export async function saveRun(
  run: Run,
  dir: string,
  { dtype = 'F32', ...options }: SaveOptions = {},
  disk: Disk = realDisk,
): Promise<void> {
  await assertSavable(dir);
  const { trainer, config } = run;
  const weights = weightsToWrite(trainer.model, dtype);
  const exact = weights.every((t) => t.dtype === 'F32');
  const { state = exact } = options;
  if (state && !exact) {
    throw new ConfigError(
      `A run cannot go on from weights rounded to ${dtype}. Save with dtype 'F32' or state: false.`,
    );
  }
  const companions = await openCompanions(config.modelDir);
  const seals = await run.base.seals();
  // from here on all is of one moment: what is edited while the files are written is not in them
  await trainer.still(() => {
    const files: FileToWrite[] = [];
    for (const [name, content] of companions) {
      const own = name === 'config.json' ? configText(trainer.model, content, dtype) : content;
      files.push({ name, chunks: () => [Buffer.from(own)] });
    }
    files.push(...weightFiles(weights));
    if (state) {
      const { tensors, metadata } = momentsToWrite(trainer.optimizer);
      files.push({ name: MOMENTS, chunks: () => safetensorsChunks(tensors, metadata) });
    }
    const text = jsonText(documentOf(run, seals, state));
    files.push({ name: ABOUT, chunks: () => [Buffer.from(text)] });
    return writeFolder(dir, files, disk);
  });
}

/** The config that the model came with, telling the element type that it is written in. */
function configText(model: Decoder, content: Uint8Array | string, dtype: SaveDtype): string {
  const config = JSON.parse(Buffer.from(content).toString()) as Json;
  return JSON.stringify(configToWrite(model, config, dtype), null, 2) + '\n';
}

/** The content of hi-zfo.json. */
function documentOf({ trainer, source, config }: Run, base: BaseSeals, state: boolean): object {
  const { method, seed, batchSize, maxLength, rho, modelName } = config;
  const about: About = {
    step: trainer.steps,
    drawn: trainer.steps * batchSize,
    ...{ method, seed, batchSize, maxLength, rho, modelName },
    base: base.dir === tinyModel() ? { ...base, dir: 'tiny' } : base,
    task: { ...config.task, title: source.task.name, digest: source.digest },
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
  const lines = Object.entries(document).map(([k, v]) => `  ${JSON.stringify(k)}: ${JSON.stringify(v)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

/** A folder that is there already is replaced whole, so it must be a run saved before, or empty; throws ConfigError. */
export async function assertSavable(dir: string): Promise<void> {
  const found = await readdir(dir).catch((e: NodeJS.ErrnoException): string[] => {
    if (e.code === 'ENOENT') return [];
    throw new ConfigError(`Cannot save to ${dir}: ${e.message}. Give the path of a folder.`, { cause: e });
  });
  if (found.length > 0 && !found.includes(ABOUT)) {
    throw new ConfigError(
      `${dir} holds other files (${found.slice(0, 3).join(', ')}), which saving would replace. Give a new folder.`,
    );
  }
}
