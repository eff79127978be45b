import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSafetensors, type Json } from '../../src/formats/index.ts';
import {
  decoderParameters,
  parseConfig,
  type DecoderConfig,
  type TokenBatch,
} from '../../src/model/index.ts';
import { fillNoise, tensorId } from '../../src/noise/index.ts';
import { readFileSync } from 'node:fs';
import { tinyModel } from '../../src/session/index.ts';
import type { BenchBatch } from './contender.ts';

/** A model of the bench and the size of its batch. */
export interface BenchModel {
  title: string;
  folder: string;
  vocabulary: number;
  batch: number;
  length: number;
  /** Rounds for this model as a multiple of those asked for. */
  rounds: number;
  /** Names of the tensors of the upper half of the layers and what follows them. */
  upperHalf: string[];
}

/** A GPT of 3.7 million parameters, small enough that what is not a product shows. */
const gpt = {
  model_type: 'gpt2',
  n_embd: 256,
  n_layer: 4,
  n_head: 4,
  vocab_size: 2048,
  n_positions: 64,
  activation_function: 'gelu_new',
  layer_norm_epsilon: 1e-5,
  tie_word_embeddings: true,
};

/** The models by name; `scratch` takes the one that is made here. */
export function benchModels(
  scratch: string,
  smollm2: string,
): Record<string, (() => Promise<BenchModel>) | undefined> {
  const at = (folder: string, rest: Omit<BenchModel, 'folder' | 'vocabulary' | 'upperHalf'>): BenchModel => {
    const config = parseConfig(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Json);
    const upper = decoderParameters(config).filter((p) => p.layer >= config.layers / 2);
    return { folder, vocabulary: config.vocabulary, upperHalf: upper.map((p) => p.name), ...rest };
  };
  return {
    gpt: async () => {
      const folder = join(scratch, 'gpt');
      await writeRandom(folder, gpt, parseConfig(gpt));
      return at(folder, { title: 'GPT-2 of 3.7 M', batch: 8, length: 64, rounds: 1 });
    },
    tiny: () => Promise.resolve(at(tinyModel(), { title: 'tiny model', batch: 8, length: 64, rounds: 1 })),
    // small enough for WebGPU on a renderer that runs on the processor
    toy: () =>
      Promise.resolve(
        at('test/goldens/model/llama', { title: 'Llama of two layers', batch: 2, length: 16, rounds: 1 }),
      ),
    smollm2: () =>
      Promise.resolve(at(smollm2, { title: 'SmolLM2-135M', batch: 4, length: 128, rounds: 0.2 })),
  };
}

/** The same tokens for everyone. */
export function batchFor({
  vocabulary,
  batch,
  length,
}: Pick<BenchModel, 'vocabulary' | 'batch' | 'length'>): BenchBatch {
  let state = 1;
  const ids = Array.from({ length: batch * (length + 1) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % vocabulary;
  });
  return { ids, batch, length };
}

async function writeRandom(folder: string, raw: object, config: DecoderConfig): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(raw));
  const tensors = decoderParameters(config).map((p) => {
    const data = new Float32Array(p.size);
    fillNoise(data, { seed: 1, step: 0, query: 0, tensor: tensorId(p.name) }, 'gaussian');
    const around = p.shape.length === 1 && !p.bias ? 1 : 0;
    return { name: p.name, shape: p.shape, data: data.map((x) => around + 0.03 * x) };
  });
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
}

/** Every position predicts the token after it. */
export function tokenBatch({ ids, batch, length }: BenchBatch): TokenBatch {
  const inputs = ids.filter((_, i) => i % (length + 1) < length);
  const targets = ids.filter((_, i) => i % (length + 1) > 0);
  const positions = Int32Array.from(inputs, (_, i) => i);
  return { ids: Int32Array.from(inputs), targets: Int32Array.from(targets), positions, batch, length };
}
