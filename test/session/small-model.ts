import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { writeSafetensors } from '../../src/formats/index.ts';
import { decoderParameters, parseConfig } from '../../src/model/index.ts';
import { fillNoise, tensorId } from '../../src/noise/index.ts';
import { tinyModel } from '../../src/session/index.ts';

const raw = {
  model_type: 'llama',
  vocab_size: 1024,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  hidden_act: 'silu',
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  max_position_embeddings: 128,
  tie_word_embeddings: true,
};

/** Writes a model of 20,000 random weights that reads the tiny model's tokens: a step takes milliseconds. */
export async function writeSmallModel(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
    await copyFile(join(tinyModel(), name), join(dir, name));
  }
  await writeFile(join(dir, 'config.json'), JSON.stringify(raw));
  const tensors = decoderParameters(parseConfig(raw)).map((p) => {
    const data = new Float32Array(p.size);
    fillNoise(data, { seed: 1, step: 0, query: 0, tensor: tensorId(p.name) }, 'gaussian');
    const isGain = p.shape.length === 1;
    return { name: p.name, shape: p.shape, data: data.map((x) => (isGain ? 1 + 0.1 * x : 0.1 * x)) };
  });
  await writeSafetensors(join(dir, 'model.safetensors'), tensors);
}

/** A folder for this file's tests with a small model in it, gone afterwards. */
export function testFolder(): { readonly dir: string; readonly model: string } {
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'hi-zfo-runs-'));
    await writeSmallModel(join(dir, 'small'));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));
  return {
    get dir() {
      return dir;
    },
    get model() {
      return join(dir, 'small');
    },
  };
}
