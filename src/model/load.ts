import { stat } from 'node:fs/promises';
import { EngineError, FormatError, NonFiniteError } from '../errors.ts';
import type { Engine } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import { WeightFiles } from '../formats/weights.ts';
import { readConfig } from './read-config.ts';
import { Llama } from './llama.ts';

/**
 * Loads a model from a Hugging Face folder (config.json, model.safetensors or shards), tensor by tensor, as float32.
 * Throws FormatError when the folder does not fit its config, NonFiniteError when a weight is NaN or infinite.
 */
export async function loadModel(engine: Engine, dir: string): Promise<Llama> {
  if (!(await stat(dir).catch(() => undefined))?.isDirectory()) {
    throw new FormatError(
      `${dir} is not a folder. Give a Hugging Face model folder, or 'tiny' for the model that ships.`,
    );
  }
  const { config } = await readConfig(dir);
  const files = await WeightFiles.open(dir);
  await engine.activate();
  const model = new Llama(engine, config);
  try {
    for (const p of model.parameters.list) {
      const name = storedName(files, p.name);
      const { shape } = files.info(name);
      if (shape.join() !== p.shape.join()) {
        throw new FormatError(
          `${dir}: ${name} has shape [${shape.join(', ')}], config.json asks for [${p.shape.join(', ')}].`,
        );
      }
      const values = await files.read(name);
      assertFinite(values, `${dir}: ${name}`);
      model.parameters.replace(p, tf.tensor(values, [...p.shape], 'float32'));
    }
    return model;
  } catch (error) {
    model.dispose();
    if (error instanceof RangeError) {
      throw new EngineError(`${dir} does not fit in memory (${error.message}).`, { cause: error });
    }
    throw error;
  } finally {
    await files.close();
  }
}

/** Old hub files leave out the `model.` prefix. */
function storedName(files: WeightFiles, name: string): string {
  const bare = name.replace(/^model\./, '');
  return !files.has(name) && files.has(bare) ? bare : name;
}

/** Throws NonFiniteError naming the first value of `values` that is NaN or infinite. */
export function assertFinite(values: Float32Array, what: string): void {
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (x - x !== 0) {
      throw new NonFiniteError(
        `${what} holds ${x} at position ${i}. The file is damaged or the run diverged.`,
      );
    }
  }
}
