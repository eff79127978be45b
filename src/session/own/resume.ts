import { join } from 'node:path';
import { inTurn } from '../../engine/index.ts';
import { ConfigError } from '../../errors.ts';
import { snapshotSettings } from '../../train/index.ts';
import { engineOf, resumeFolder } from '../checks.ts';
import { OWN_BASE, OWN_WEIGHTS, readRun } from '../checkpoint/index.ts';
import type { RunConfig } from '../config.ts';
import { assertSame, changesOf, warnOfVersions } from '../resume.ts';
import { OwnBase, readTensors } from './base.ts';
import { loadChecked, type OwnOpenOptions } from './open.ts';
import { OwnSession } from './session.ts';
import { OwnSource } from './source.ts';

/**
 * Goes on with a saved run of a model of one's own, bit for bit on the same engine. Model and batches are given again, and the batches
 * are compared by hash (those of a function by the first).
 */
export async function resumeOwn<B>({
  resume,
  ...options
}: OwnOpenOptions<B> & { resume: string }): Promise<OwnSession<B>> {
  const dir = resumeFolder(resume);
  const { model: definition, batches, data, batchSize, test, method, engine = 'auto', ...more } = options;
  const { seed, rho, snapshots = {}, show = true, ...step } = more;
  const saved = await readRun(dir, step.schedule);
  const { about } = saved;
  if (about.task.by !== 'own') {
    throw new ConfigError(
      `The run in ${dir} trains the language model ${about.modelName}: open({ resume }) without a model of your own.`,
    );
  }
  assertSame(dir, { method, seed, batchSize, rho }, about);
  const given = Object.fromEntries(Object.entries(step).filter(([, value]) => value !== undefined));
  const changes = changesOf(saved, given);
  snapshotSettings(snapshots);
  const on = await engineOf(engine);
  const session = await inTurn(on, async () => {
    const size = data ? about.batchSize : batchSize;
    const source = await OwnSource.of({ batches, data, batchSize: size, test, seed: about.seed });
    try {
      if (source.digest !== about.task.digest) {
        throw new ConfigError(
          `Cannot go on: the run in ${dir} was trained on other batches. Give them as they were.`,
        );
      }
      const infos = Object.entries(definition.weights).map(([name, { shape }]) => ({ name, shape }));
      const values = await readTensors(join(dir, OWN_WEIGHTS), infos);
      const model = await loadChecked(on, definition, source, (p) => Promise.resolve(values.get(p.name)!));
      try {
        const { list } = model.parameters;
        const base = await OwnBase.read(join(dir, OWN_BASE), list);
        const restored = await saved.restore(list);
        const config: RunConfig = {
          modelName: about.modelName,
          method: about.method,
          task: { by: 'own' },
          seed: about.seed,
          batchSize: source.size,
          step: {},
          rho: about.rho,
          snapshots,
          show,
        };
        const made = await OwnSession.resumed({ engine: on, model, source, config, base }, dir, restored);
        model.lead();
        return made;
      } catch (error) {
        model.dispose();
        throw error;
      }
    } catch (error) {
      source.dispose();
      throw error;
    }
  });
  if (Object.keys(changes).length > 0) session.set(changes);
  warnOfVersions(session, about);
  return session;
}
