import { copyFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../errors.ts';
import { writeFolder } from '../formats/index.ts';
import { saveWeights } from '../model/index.ts';
import type { Session } from './session.ts';

/** Files of the model's folder that go along: everything that is not weights. */
const carried =
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map)\.json$|\.jinja$|^LICENSE/;

/**
 * Writes DIR/ as a Hugging Face folder that loads anywhere, with hi-zfo.json (settings, seed, labels, events) and
 * history.json beside the weights. Written aside and renamed, so a folder that was there is replaced whole or not at all.
 */
export async function saveSession(session: Session, dir: string): Promise<void> {
  const { model, config, settings, labels } = session;
  const { rows, events } = session.history.data;
  await assertOurs(dir);
  await writeFolder(dir, async (aside) => {
    const files = await readdir(config.modelDir);
    for (const name of files.filter((f) => carried.test(f))) {
      await copyFile(join(config.modelDir, name), join(aside, name));
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
