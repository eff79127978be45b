import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../errors.ts';
import { openCompanions, writeFolder } from '../formats/index.ts';
import { saveWeights } from '../model/index.ts';
import type { Session } from './session.ts';

/**
 * Writes DIR/ as a Hugging Face folder that loads anywhere, with hi-zfo.json (settings, seed, labels, events) and
 * history.json beside the weights. Written aside and renamed, so a folder that was there is replaced whole or not at all.
 */
export async function saveSession(session: Session, dir: string): Promise<void> {
  const { model, config, settings, labels } = session;
  const { rows, events } = session.history.data;
  await assertOurs(dir);
  await writeFolder(dir, async (aside) => {
    for (const [name, content] of await openCompanions(config.modelDir)) {
      await writeFile(join(aside, name), content);
    }
    await saveWeights(model, join(aside, 'model.safetensors'));
    const about = {
      hiZfo: 1,
      engine: session.engine.describe().summary,
      task: session.task.name,
      method: config.method,
      seed: config.seed,
      batchSize: config.batchSize,
      maxLength: config.maxLength,
      settings,
      labels: Object.fromEntries((labels?.entries ?? []).map((e) => [e.parameter.name, e.label])),
      events,
    };
    await writeFile(join(aside, 'hi-zfo.json'), JSON.stringify(about, null, 2) + '\n');
    await writeFile(join(aside, 'history.json'), JSON.stringify(rows) + '\n');
  });
}

/** A folder that is there already is replaced whole, so it must be a run saved before, or empty. */
async function assertOurs(dir: string): Promise<void> {
  const found = await readdir(dir).catch((e: NodeJS.ErrnoException): string[] => {
    if (e.code === 'ENOENT') return [];
    throw new ConfigError(`Cannot save to ${dir}: ${e.message}. Give the path of a folder.`, { cause: e });
  });
  if (found.length > 0 && !found.includes('hi-zfo.json')) {
    throw new ConfigError(
      `${dir} holds other files (${found.slice(0, 3).join(', ')}), which saving would replace. Give a new folder.`,
    );
  }
}
