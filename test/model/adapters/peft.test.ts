import { readdirSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../../src/engine/index.ts';
import { tf } from '../../../src/engine/tf.ts';
import { writeFolder } from '../../../src/formats/index.ts';
import {
  adapterFiles,
  DeviceBatch,
  loadModel,
  lossAndGradients,
  lossOf,
  merged,
  weightsToWrite,
  type Decoder,
  type Parameter,
  type Weights,
} from '../../../src/model/index.ts';
import { goldenBatch, readJson, type Expected } from '../../goldens.ts';

const goldens = join(import.meta.dirname, '..', '..', 'goldens');
const names = readdirSync(join(goldens, 'adapters'));

/** expected.json of an adapter that PEFT wrote. */
interface AdapterExpected extends Pick<Expected, 'loss' | 'grads'> {
  model: string;
  /** At the supervised positions, of the first tokens. */
  logits: number[][];
  /** The same after merge_and_unload. */
  merged?: number[][];
}

let made = '';
beforeAll(async () => {
  made = await mkdtemp(join(tmpdir(), 'hi-zfo-peft-'));
});
afterAll(() => rm(made, { recursive: true, force: true }));

function read(name: string) {
  const dir = join(goldens, 'adapters', name);
  const want = readJson<AdapterExpected>(dir, 'expected.json');
  const base = join(goldens, 'model', want.model);
  return { dir, want, base, tokens: goldenBatch(readJson<Expected>(base, 'expected.json')) };
}

const own = (model: Decoder) => model.parameters.list.filter((p) => p.base === undefined);

/** Gradients as PEFT's file has its tensors: those of a prefix in one. */
async function asStored(model: Decoder, gradients: ReadonlyMap<Parameter, Tensor>) {
  if (model.adapter?.kind === 'lora') {
    const each = [...gradients].map(async ([p, g]) => [p.name, await g.data<'float32'>()] as const);
    return new Map(await Promise.all(each));
  }
  const rows = tf.tidy(() => tf.concat([...gradients.values()] as Tensor2D[], 1));
  const all = (await rows.data<'float32'>()).slice();
  rows.dispose();
  return new Map([['prompt_embeddings', all]]);
}

async function logitsOf(model: Decoder, batch: DeviceBatch, weights: Weights = model.parameters.get) {
  const logits = tf.tidy(() => model.logits(weights, model.hidden(weights, batch), batch.positions));
  const rows = await logits.array();
  logits.dispose();
  return rows;
}

function expectNear(got: number[][], want: number[][], most: number): void {
  want.forEach((row, i) => row.forEach((x, v) => expect(Math.abs(got[i]![v]! - x)).toBeLessThan(most)));
}

describe.each(['wasm', 'cpu'] as const)('%s: adapters that PEFT wrote', (backend) => {
  it.each(names)('%s', async (name) => {
    const { dir, want, base, tokens } = read(name);
    const engine = await openEngine(backend);
    await engine.activate();
    const before = tf.memory().numTensors;
    const model = await loadModel(engine, base, { adapter: { from: dir } });
    const batch = new DeviceBatch(tokens, model.config);
    const wrt = own(model);
    expect(wrt.length).toBeGreaterThan(0);

    const { loss, gradients } = await lossAndGradients(model, model.parameters.get, batch, wrt);
    expect(Math.abs(loss - want.loss)).toBeLessThan(1e-5);
    const stored = await asStored(model, gradients);
    expect([...stored.keys()].sort()).toEqual(Object.keys(want.grads).sort());
    for (const [key, values] of stored) {
      const { norm, idx, val } = want.grads[key]!;
      const ours = Math.sqrt(values.reduce((s, x) => s + x * x, 0));
      expect(Math.abs(ours - norm), key).toBeLessThan(1e-3 * norm + 1e-6);
      idx.forEach((i, k) => expect(Math.abs(values[i]! - val[k]!), key).toBeLessThan(1e-5 * norm + 1e-7));
    }
    expectNear(await logitsOf(model, batch), want.logits, 1e-4);

    tf.dispose([...gradients.values()]);
    batch.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('what is written', () => {
  it.each(names)('%s is read again as it was', async (name) => {
    const { dir, base, tokens } = read(name);
    const engine = await openEngine('cpu');
    await engine.activate();
    const model = await loadModel(engine, base, { adapter: { from: dir } });
    const batch = new DeviceBatch(tokens, model.config);
    const out = join(made, name);
    await writeFolder(out, adapterFiles(model, base));
    const again = await loadModel(engine, base, { adapter: { from: out, base: 'ZO' } });
    expect(again.adapter).toEqual({ ...model.adapter, base: 'ZO' });
    const logits = await logitsOf(model, batch);
    expect(await logitsOf(again, batch)).toEqual(logits);
    // for `python scripts/goldens-adapters.py check`
    const { input_ids, attention_mask, labels } = readJson<Expected>(base, 'expected.json');
    const all = tf.tidy(() => model.logits(model.parameters.get, model.hidden(model.parameters.get, batch)));
    await writeFile(
      join(out, 'logits.json'),
      JSON.stringify({ input_ids, attention_mask, labels, logits: await all.array() }),
    );
    all.dispose();
    batch.dispose();
    model.dispose();
    again.dispose();
  });

  it.each(names.filter((name) => name.endsWith('lora')))('%s merges as PEFT does', async (name) => {
    const { dir, want, base, tokens } = read(name);
    const engine = await openEngine('wasm');
    await engine.activate();
    const model = await loadModel(engine, base, { adapter: { from: dir } });
    const plain = await loadModel(engine, base);
    const before = tf.memory().numTensors;
    for (const { name, shape, data } of weightsToWrite(model, 'F32', (p) => merged(model, p))) {
      const values = await (data as () => Promise<Float32Array>)();
      plain.parameters.replace(plain.parameters.named(name), tf.tensor(values, [...shape]));
    }
    expect(tf.memory().numTensors).toBe(before);
    const batch = new DeviceBatch(tokens, model.config);
    expectNear(await logitsOf(plain, batch), want.merged!, 1e-4);
    const loss = await lossOf(plain, plain.parameters.get, batch);
    expect(Math.abs(loss - (await lossOf(model, model.parameters.get, batch)))).toBeLessThan(1e-6);
    batch.dispose();
    model.dispose();
    plain.dispose();
  });
});

describe('a PEFT folder that is another computation', () => {
  it.each([
    ['init_lora_weights', 'pissa_niter_4', /init_lora_weights.*changes the model under/],
    ['init_lora_weights', 'olora', /init_lora_weights/],
    ['use_dora', true, /use_dora/],
    ['rank_pattern', { q_proj: 4 }, /rank_pattern/],
  ])('%s %j is refused by name', async (field, value, message) => {
    const dir = await mkdtemp(join(tmpdir(), 'hi-zfo-peft-'));
    try {
      await cp(join(goldens, 'adapters', 'llama-lora'), dir, { recursive: true });
      const path = join(dir, 'adapter_config.json');
      const config = JSON.parse(await readFile(path, 'utf8')) as object;
      await writeFile(path, JSON.stringify({ ...config, [field]: value }));
      const engine = await openEngine('cpu');
      const loading = loadModel(engine, join(goldens, 'model', 'llama'), { adapter: { from: dir } });
      await expect(loading).rejects.toThrow(message);
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});
