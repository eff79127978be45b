import { isDeepStrictEqual } from 'node:util';
import { CheckpointError, ConfigError } from '../errors.ts';
import { loadTokenizer } from '../data/index.ts';
import { snapshotSettings, stepSettings, type StepOptions } from '../train/index.ts';
import { Base, withAdapter } from './base.ts';
import { BatchSource } from './batches.ts';
import { lostText, readRun, readStart, versionsOf, type SavedRun } from './checkpoint/index.ts';
import { engineOf, resumeFolder } from './checks.ts';
import type { SessionConfig } from './config.ts';
import { loadShown } from './load-shown.ts';
import type { OpenOptions } from './open.ts';
import { Session } from './session.ts';
import { remade, taskOf } from './task-of.ts';
import type { SessionTraining } from './training.ts';
import { modelFolder } from './tiny.ts';

/**
 * Goes on with a run that `save` or `autosave` wrote, bit for bit on the same engine. What a run is (model, method, task,
 * seed, batch size, length, rho) is fixed and may be given only as it was; step options may be others and are then a
 * change of settings; engine, snapshots and show are free.
 */
export async function resumeSession({
  resume,
  ...options
}: OpenOptions & { resume: string }): Promise<Session> {
  const dir = resumeFolder(resume);
  const { model, adapter, task, data, format, test, method, engine = 'auto', ...more } = options;
  const { seed, batchSize, maxLength, rho, snapshots = {}, show = true, ...step } = more;
  const saved = await readRun(dir, step.schedule);
  const { about } = saved;
  const baseDir = modelFolder(about.base.dir);
  assertSame(dir, { method, seed, batchSize, maxLength, rho }, about);
  if (model !== undefined && modelFolder(model) !== baseDir) {
    throw new ConfigError(different(dir, 'model', about.base.dir, model));
  }
  if (adapter !== undefined) {
    throw new ConfigError(
      `A run goes on with the adapter that it has: leave adapter out, or open a new run with adapter: { from: ${JSON.stringify(dir)} }.`,
    );
  }
  if (task === undefined && [data, format, test].some((x) => x !== undefined)) {
    throw new ConfigError(
      'data, format and test go with a task: give the task as it was, or leave them all out.',
    );
  }
  const given = Object.fromEntries(Object.entries(step).filter(([, value]) => value !== undefined));
  const changes = changesOf(saved, given);
  snapshotSettings(snapshots);

  const { batchSize: size, maxLength: length } = about;
  if (about.task.by === 'own' || size === undefined || length === undefined) {
    throw new ConfigError(
      `The run in ${dir} trains a model of your own, which no file can hold. Give it again, with its batches: ` +
        'open({ resume, model: ownModel(...), batches }).',
    );
  }
  const found =
    task === undefined
      ? { task: await remade(about.task, about.seed), origin: about.task }
      : await taskOf(task, { data, format, test }, about.seed);
  const { adapter: trained } = about;
  // a frozen model is not written again and again; it is where the run began
  const modelDir = trained?.base === 'frozen' ? baseDir : dir;
  const tokenizer = await loadTokenizer(modelDir);
  const source = new BatchSource(found.task, tokenizer, size, length, about.seed);
  if (source.digest !== about.task.digest) {
    const what = `the run in ${dir} was trained on other examples of ${about.task.title}`;
    throw task === undefined
      ? new CheckpointError(`Cannot go on: ${what}; its data have changed since. Put them back.`)
      : new ConfigError(`Cannot go on with this task: ${what}. Give the task as it was.`);
  }

  const config: SessionConfig = {
    modelName: about.modelName,
    modelDir,
    method: about.method,
    task: found.origin,
    seed: about.seed,
    batchSize: size,
    maxLength: length,
    step: {},
    rho: about.rho,
    snapshots,
    show,
  };
  const on = await engineOf(engine);
  const base = Base.known({ ...about.base, dir: baseDir });
  if (modelDir === baseDir) await (await base.open()).close(); // it must be the same still
  const from = trained && { from: dir, base: trained.base };
  const weights = await loadShown(on, modelDir, show, { adapter: from });
  try {
    if (trained) await readStart(dir, weights);
    const restored = await saved.restore(weights.parameters.list);
    const session = await Session.resumed(
      {
        engine: on,
        model: weights,
        source,
        config: { ...config, adapter: weights.adapter },
        base: trained ? withAdapter(base, weights) : base,
      },
      dir,
      restored,
    );
    if (Object.keys(changes).length > 0) session.set(changes);
    warnOfVersions(session, about);
    return session;
  } catch (error) {
    weights.dispose();
    throw error;
  }
}

/** Notes in the history what the run goes on with that is not what it was made with. */
export function warnOfVersions(session: SessionTraining, { made }: SavedRun['about']): void {
  const now = versionsOf(session.engine);
  const others = (Object.keys(now) as (keyof typeof now)[]).filter((key) => now[key] !== made[key]);
  if (others.length === 0) return;
  const list = others.map((key) => `${key} was ${made[key]}, is ${now[key]}`);
  session.warn(`from here on bits may differ from a run that was not stopped: ${list.join('; ')}`);
}

/** Throws ConfigError where something that is fixed was given otherwise. */
export function assertSame(dir: string, given: Partial<SavedRun['about']>, about: SavedRun['about']): void {
  for (const [name, value] of Object.entries(given)) {
    const was = about[name as keyof typeof given];
    if (value !== undefined && value !== was) throw new ConfigError(different(dir, name, was, value));
  }
}

function different(dir: string, name: string, was: unknown, given: unknown): string {
  return (
    `The run in ${dir} has ${name} ${JSON.stringify(was)}, given ${JSON.stringify(given)}. ` +
    `Leave ${name} out to go on with it, or open a new run on its weights: open({ model: ${JSON.stringify(dir)}, ... }).`
  );
}

/** Which of the step options given change the settings of the run. */
export function changesOf({ dir, settings: was }: SavedRun, given: StepOptions): StepOptions {
  const lost = lostText(was.schedule);
  if (lost !== undefined && given.schedule === undefined) {
    throw new ConfigError(
      `The run in ${dir} has a schedule that is a function, which a file cannot hold. ` +
        `Give it again: open({ resume, schedule }). It was: ${lost}`,
    );
  }
  const next = stepSettings({ ...was, ...given });
  const keys = Object.keys(given) as (keyof StepOptions)[];
  const changed = keys.filter((key) => !isDeepStrictEqual(next[key], was[key]));
  return Object.fromEntries(changed.map((key) => [key, given[key]]));
}
