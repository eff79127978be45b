import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from '../../errors.ts';
import { settleFolder, verifyFolder } from '../../formats/index.ts';
import { ADAPTER_CONFIG, type Parameter } from '../../model/index.ts';
import type { MomentState, Schedule } from '../../optimize/index.ts';
import type { TrainerState } from '../../train/index.ts';
import { readAbout, type About } from './about.ts';
import { ADAPTER_START } from './adapter-start.ts';
import { readHistory } from './history.ts';
import { Json } from './json.ts';
import { readMoments } from './moments.ts';
import { readSettings } from './settings.ts';
import { readState } from './state.ts';
import { OWN_BASE, OWN_WEIGHTS } from './model-files.ts';
import { ABOUT, MOMENTS } from './write.ts';

/** A saved run, its files found whole. */
export interface SavedRun {
  dir: string;
  about: About;
  /** Settings in force, as far as JSON can hold them. */
  settings: TrainerState['settings'];
  /** State and moments for the tensors of the model that was saved. */
  restore(
    parameters: readonly Parameter[],
  ): Promise<{ state: TrainerState; moments: Map<Parameter, MomentState> }>;
}

/**
 * Reads a folder that `saveRun` wrote. Mends a replacement that was cut short, checks every file against the manifest,
 * and throws CheckpointError that names what is missing, torn or strange. `schedule` stands in for the functions of the same
 * text that the run had.
 */
export async function readRun(dir: string, schedule?: Schedule): Promise<SavedRun> {
  await settleFolder(dir);
  if (!(await stat(dir).catch(() => undefined))?.isDirectory()) {
    throw new CheckpointError(`There is no folder ${dir} to go on from. Give one that save() wrote.`);
  }
  const path = join(dir, ABOUT);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CheckpointError(
      `${dir} holds no ${ABOUT}: it is not a saved run. Give one that save() wrote, or open it as a model.`,
      { cause },
    );
  });
  const json = new Json(parsed(text, path), path);
  const about = readAbout(json, path);
  const manifest = await verifyFolder(dir);
  if (json.at('state').value === null) {
    throw new CheckpointError(
      `${dir} holds a model without training state (it was saved with state: false). Open it as a model instead.`,
    );
  }
  const own = about.task.by === 'own' ? [OWN_WEIGHTS, OWN_BASE] : ['config.json'];
  const { adapter } = about;
  const model = adapter
    ? [ADAPTER_CONFIG, ADAPTER_START, ...(adapter.base === 'ZO' ? ['config.json'] : [])]
    : own;
  for (const name of [ABOUT, MOMENTS, ...model]) {
    if (!Object.hasOwn(manifest, name)) {
      throw new CheckpointError(
        `${dir}: its manifest does not list ${name}. Take another copy of the checkpoint.`,
      );
    }
  }
  return {
    dir,
    about,
    settings: readSettings(json.at('settings'), schedule),
    async restore(parameters) {
      const state = readState(json.at('state'), readHistory(json.at('history')), parameters, {
        seed: about.seed,
        schedule,
      });
      if (state.rows.length !== json.at('step').value)
        json.at('step').fail(`${state.rows.length}, as in history`);
      return { state, moments: await readMoments(join(dir, MOMENTS), parameters) };
    },
  };
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(
      `${path} is not JSON (${(cause as Error).message}). The checkpoint is damaged: take another copy.`,
      { cause },
    );
  }
}
