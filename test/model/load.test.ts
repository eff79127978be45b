import { cpSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, EngineError, FormatError, NonFiniteError } from '../../src/errors.ts';
import { openEngine, tf, type Engine } from '../../src/engine/index.ts';
import {
  SafetensorsFile,
  writeSafetensors,
  writeWeights,
  type TensorToWrite,
} from '../../src/formats/index.ts';
import {
  configToWrite,
  decoderParameters,
  loadModel,
  parseConfig,
  weightsToWrite,
  type Decoder,
  type LoadProgress,
} from '../../src/model/index.ts';
import { readJson } from '../goldens.ts';

const goldens = join(import.meta.dirname, '..', 'goldens', 'model');
const made = mkdtempSync(join(tmpdir(), 'hi-zfo-load-'));
afterAll(() => rmSync(made, { recursive: true }));

let engine: Engine;
let live = 0;
beforeAll(async () => {
  engine = await openEngine('wasm');
  await engine.activate();
});
beforeEach(() => (live = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(live));

/** A copy of a tiny model with its tensors changed. */
async function changed(
  name: string,
  change: (tensors: TensorToWrite[]) => TensorToWrite[],
  config: object = {},
): Promise<string> {
  const dir = mkdtempSync(join(made, `${name}-`));
  cpSync(join(goldens, name), dir, { recursive: true });
  writeFileSync(
    join(dir, 'config.json'),
    JSON.stringify({ ...readJson<object>(dir, 'config.json'), ...config }),
  );
  const file = await SafetensorsFile.open(join(goldens, name, 'model.safetensors'));
  const tensors: TensorToWrite[] = [];
  for (const [tensor, { shape }] of file.tensors)
    tensors.push({ name: tensor, shape, data: await file.read(tensor) });
  await file.close();
  await writeSafetensors(join(dir, 'model.safetensors'), change(tensors));
  return dir;
}

async function valuesOf(dir: string): Promise<Map<string, Float32Array>> {
  const model = await loadModel(engine, dir);
  const { list, get } = model.parameters;
  const values = new Map<string, Float32Array>();
  for (const p of list) values.set(p.name, (await get(p).data()).slice() as Float32Array);
  model.dispose();
  return values;
}

const extra = (name: string): TensorToWrite => ({ name, shape: [2], data: new Float32Array(2) });

describe('loadModel', () => {
  it.each(['gpt2', 'bloom', 'gpt_neox', 'opt', 'qwen2'])(
    'reads old files of %s: no base name, masks and tables, a head that is the embedding',
    async (name) => {
      const old = await changed(name, (tensors) => [
        ...tensors.map((t) => ({ ...t, name: t.name.replace(/^(model|transformer|gpt_neox)\./, '') })),
        extra('h.0.attn.bias'),
        extra('h.0.attn.masked_bias'),
        extra('layers.0.self_attn.rotary_emb.inv_freq'),
        ...(name === 'gpt_neox' ? [] : [extra('lm_head.weight')]),
      ]);
      expect(await valuesOf(old)).toEqual(await valuesOf(join(goldens, name)));
    },
  );

  it('tells how far it has come and stops when it is told to', async () => {
    const dir = join(goldens, 'llama');
    const seen: LoadProgress[] = [];
    const model = await loadModel(engine, dir, { onProgress: (p) => seen.push(p) });
    expect(seen.map((p) => p.name).sort()).toEqual(model.parameters.list.map((p) => p.name).sort());
    expect(seen.at(-1)).toMatchObject({ done: 4 * model.parameters.size, of: 4 * model.parameters.size });
    const sizes = seen.map((p) => model.parameters.named(p.name).size);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a)); // the largest first
    model.dispose();
    const stop = new AbortController();
    const loading = loadModel(engine, dir, { onProgress: () => stop.abort(), signal: stop.signal });
    await expect(loading).rejects.toThrow(/abort/i);
  });

  it.each<[string, (tensors: TensorToWrite[]) => TensorToWrite[], typeof FormatError, RegExp]>([
    ['a tensor is missing', (ts) => ts.slice(1), FormatError, /no tensor lm_head\.weight/],
    [
      'a shape is another',
      (ts) => ts.map((t) => (t.name === 'model.norm.weight' ? { ...t, shape: [4, 6] } : t)),
      FormatError,
      /model\.norm\.weight has shape \[4, 6\], its config asks for \[24\]/,
    ],
    [
      'a part is not accounted for',
      (ts) => [...ts, extra('model.layers.0.self_attn.q_proj.bias')],
      ConfigError,
      /1 tensors that its config does not account for \(model\.layers\.0\.self_attn\.q_proj\.bias\)/,
    ],
    [
      'a value is not finite',
      (ts) =>
        ts.map((t) => (t.name === 'model.norm.weight' ? { ...t, data: new Float32Array(24).fill(NaN) } : t)),
      NonFiniteError,
      /model\.norm\.weight holds NaN at position 0/,
    ],
  ])('throws when %s', async (_, change, kind, message) => {
    const dir = await changed('llama', change);
    await expect(loadModel(engine, dir)).rejects.toThrow(kind);
    await expect(loadModel(engine, dir)).rejects.toThrow(message);
  });

  it('refuses a model that the wasm engine cannot hold before it reads any of it', async () => {
    const config = parseConfig({
      model_type: 'llama',
      vocab_size: 10_000_000,
      hidden_size: 112,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      intermediate_size: 8,
      tie_word_embeddings: true,
    });
    const dir = mkdtempSync(join(made, 'large-'));
    let at = 0;
    const header = Object.fromEntries(
      decoderParameters(config).map((p) => {
        const data_offsets = [at, (at += 4 * p.size)];
        return [p.name, { dtype: 'F32', shape: p.shape, data_offsets }];
      }),
    );
    const text = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    const path = join(dir, 'model.safetensors');
    writeFileSync(path, Buffer.concat([length, text]));
    truncateSync(path, 8 + text.length + at); // 4.5 GB of which no block is stored
    const raw = { model_type: 'llama', vocab_size: 10_000_000, hidden_size: 112, num_hidden_layers: 1 };
    const rest = { num_attention_heads: 2, intermediate_size: 8, tie_word_embeddings: true };
    writeFileSync(join(dir, 'config.json'), JSON.stringify({ ...raw, ...rest }));
    await expect(loadModel(engine, dir)).rejects.toThrow(EngineError);
    await expect(loadModel(engine, dir)).rejects.toThrow(/needs 4\.2 GiB as float32.*native/s);
  });
});

describe('weights written in another element type', () => {
  let model: Decoder;
  const dir = join(goldens, 'gpt2');
  async function written(dtype: 'F32' | 'F16' | 'BF16' | 'source', from: string): Promise<string> {
    model = await loadModel(engine, from);
    const to = mkdtempSync(join(made, 'saved-'));
    await writeWeights(to, weightsToWrite(model, dtype));
    const config = configToWrite(model, readJson(from, 'config.json'), dtype);
    writeFileSync(join(to, 'config.json'), JSON.stringify(config));
    model.dispose();
    return to;
  }
  const dtypes = async (of: string) => {
    const file = await SafetensorsFile.open(join(of, 'model.safetensors'));
    await file.close();
    return new Set([...file.tensors.values()].map((t) => t.dtype));
  };

  it.each([
    ['F32', 'float32', 0],
    ['F16', 'float16', 2 ** -11],
    ['BF16', 'bfloat16', 2 ** -8],
  ] as const)('%s is rounded, named in config.json and kept by source', async (dtype, name, error) => {
    const first = await written(dtype, dir);
    expect(await dtypes(first)).toEqual(new Set([dtype]));
    const config = readJson<Record<string, unknown>>(first, 'config.json');
    expect(config).toMatchObject({ torch_dtype: name, model_type: 'gpt2' });
    expect(config).not.toHaveProperty('dtype');
    const [before, after] = [await valuesOf(dir), await valuesOf(first)];
    for (const [tensor, values] of after)
      values.forEach((x, i) => {
        const y = before.get(tensor)![i]!;
        expect(Math.abs(x - y)).toBeLessThanOrEqual(error * Math.abs(y) + (error && 1e-7));
      });

    const second = await written('source', first);
    expect(await dtypes(second)).toEqual(new Set([dtype]));
    expect(await valuesOf(second)).toEqual(after);
  });

  it('refuses what it does not know', async () => {
    model = await loadModel(engine, dir);
    expect(() => weightsToWrite(model, 'F8' as never)).toThrow(
      /dtype is "F8"; take F32, F16, BF16 or source/,
    );
    model.dispose();
  });
});
