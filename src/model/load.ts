import { EngineError, FormatError, NonFiniteError } from '../errors.ts';
import type { Engine } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import { openSource, type ModelSource } from '../formats/index.ts';
import { parseConfig } from './read-config.ts';
import { Llama } from './llama.ts';
import type { ParameterInfo } from './parameters.ts';

/**
 * Loads a model from a Hugging Face folder or a .gguf file, tensor by tensor, as float32. A source that is given stays open.
 * Throws FormatError when the weights do not fit the config, NonFiniteError when one is NaN or infinite.
 */
export async function loadModel(engine: Engine, from: string | ModelSource): Promise<Llama> {
  if (typeof from !== 'string') return fill(engine, from);
  const source = await openSource(from);
  try {
    return await fill(engine, source);
  } finally {
    await source.close();
  }
}

async function fill(engine: Engine, source: ModelSource): Promise<Llama> {
  const config = parseConfig(source.config, source.configPath);
  await engine.activate();
  const model = new Llama(engine, config);
  try {
    for (const p of model.parameters.list) {
      model.parameters.replace(p, tf.tensor(await valuesOf(source, p), [...p.shape], 'float32'));
    }
    return model;
  } catch (error) {
    model.dispose();
    if (error instanceof RangeError) {
      throw new EngineError(`${source.path} does not fit in memory (${error.message}).`, { cause: error });
    }
    throw error;
  }
}

/** The values of a model's tensors as they are stored. */
export interface StoredWeights {
  /** Throws FormatError for another shape than the config asks for, NonFiniteError for a NaN or infinite value. */
  read(p: ParameterInfo): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Opens the weights of a Hugging Face folder or a .gguf file, to be read tensor by tensor as float32. */
export async function openWeights(path: string): Promise<StoredWeights> {
  const source = await openSource(path);
  return { read: (p) => valuesOf(source, p), close: () => source.close() };
}

async function valuesOf(source: ModelSource, p: ParameterInfo): Promise<Float32Array> {
  const name = storedName(source, p.name);
  const { shape } = source.info(name);
  if (shape.join() !== p.shape.join()) {
    throw new FormatError(
      `${source.path}: ${name} has shape [${shape.join(', ')}], its config asks for [${p.shape.join(', ')}].`,
    );
  }
  const values = await source.read(name);
  assertFinite(values, `${source.path}: ${name}`);
  return values;
}

/** Old hub files leave out the `model.` prefix. */
function storedName(source: ModelSource, name: string): string {
  const bare = name.replace(/^model\./, '');
  return !source.has(name) && source.has(bare) ? bare : name;
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
