import { EngineError } from '../errors.ts';
import type { Engine } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import { openSource, type ModelSource } from '../formats/index.ts';
import type { AdapterOptions } from './adapters/options.ts';
import { planAdapter, startAdapter } from './adapters/plan.ts';
import { Decoder } from './decoder.ts';
import { parseConfig } from './read-config.ts';
import { StoredWeights } from './stored-weights.ts';

/** How far loading has come, in bytes of float32. */
export interface LoadProgress {
  done: number;
  of: number;
  /** Tensor that was read last. */
  name: string;
}

export interface LoadOptions {
  onProgress?: (progress: LoadProgress) => void;
  signal?: AbortSignal | undefined;
  /** What is to be trained beside the model: a new adapter, or one from a folder. */
  adapter?: AdapterOptions | undefined;
  /** Draws a new adapter's first values; defaults to 0. */
  seed?: number;
}

/** What the heap of the wasm engine holds at most, in bytes. */
const WASM_HEAP = 2 ** 32;

/**
 * Loads a model as float32 from a Hugging Face folder (config.json, model.safetensors or shards) or a .gguf file; a source
 * that is given stays open. Tensors are read one by one, the largest first, so that beside the model only a small one is
 * held.
 * @throws FormatError when the weights do not fit the config, ConfigError for what is not supported, NonFiniteError when a
 * weight is NaN or infinite, EngineError when the model does not fit in memory
 */
export async function loadModel(
  engine: Engine,
  from: string | ModelSource,
  options: LoadOptions = {},
): Promise<Decoder> {
  if (typeof from !== 'string') return fill(engine, from, options);
  const source = await openSource(from);
  try {
    return await fill(engine, source, options);
  } finally {
    await source.close();
  }
}

async function fill(engine: Engine, source: ModelSource, options: LoadOptions): Promise<Decoder> {
  const { onProgress, signal, seed = 0 } = options;
  const config = parseConfig(source.config, source.configPath);
  const plan = options.adapter && (await planAdapter(config, options.adapter));
  const model = new Decoder(engine, config, plan?.adapter);
  const own = model.parameters.list.filter((p) => !plan || p.base !== undefined);
  const size = own.reduce((n, p) => n + p.size, 0);
  const weights = new StoredWeights(source);
  weights.check(own);
  checkRoom(engine, source.path, 4 * model.parameters.size);
  await engine.activate();
  try {
    let done = 0;
    for (const p of [...own].sort((a, b) => b.size - a.size)) {
      signal?.throwIfAborted();
      model.parameters.replace(p, tf.tensor(await weights.read(p), [...p.shape], 'float32'));
      model.storedAs.set(p, weights.dtype(p));
      done += 4 * p.size;
      onProgress?.({ done, of: 4 * size, name: p.name });
    }
    if (plan) await startAdapter(model, plan, seed);
    return model;
  } catch (error) {
    model.dispose();
    if (error instanceof RangeError) {
      throw new EngineError(`${source.path} does not fit in memory (${error.message}).`, { cause: error });
    }
    throw error;
  }
}

/** Says it before gigabytes were read. */
function checkRoom(engine: Engine, path: string, bytes: number): void {
  if ((engine.name !== 'wasm' && engine.name !== 'fast') || bytes < WASM_HEAP) return;
  throw new EngineError(
    `${path} needs ${(bytes / 2 ** 30).toFixed(1)} GiB as float32; the wasm engine holds less than 4 GiB in all. ` +
      "Take a smaller model, or the native engine: npx hi-zfo engine install native, then engine: 'native'.",
  );
}
