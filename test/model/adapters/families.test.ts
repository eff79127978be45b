import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEngine } from '../../../src/engine/index.ts';
import { tf } from '../../../src/engine/tf.ts';
import {
  DeviceBatch,
  generate,
  loadModel,
  lossAndGradients,
  lossFrom,
  lossOf,
  merged,
  PackedBatch,
  type AdapterOptions,
  type Decoder,
} from '../../../src/model/index.ts';
import { fillNoise, tensorId } from '../../../src/noise/index.ts';
import { goldenBatch, readJson, type Expected } from '../../goldens.ts';

const goldens = join(import.meta.dirname, '..', '..', 'goldens', 'model');
const names = readdirSync(goldens);
const lora: AdapterOptions = { kind: 'lora', rank: 2, alpha: 2, targets: 'all-linear' };
const prefix: AdapterOptions = { kind: 'prefix', tokens: 3, init: 'noise' };

const own = (model: Decoder) => model.parameters.list.filter((p) => p.base === undefined);

/** A model with an adapter whose tensors are all other than zero. */
async function loaded(name: string, adapter: AdapterOptions) {
  const engine = await openEngine('wasm');
  await engine.activate();
  const model = await loadModel(engine, join(goldens, name), { adapter });
  for (const p of own(model)) {
    const values = new Float32Array(p.size);
    fillNoise(values, { seed: 9, step: 0, query: 0, tensor: tensorId(p.name) }, 'gaussian');
    model.parameters.replace(p, tf.tensor(values.map((x) => 0.2 * x), [...p.shape])); // prettier-ignore
  }
  const batch = new DeviceBatch(
    goldenBatch(readJson<Expected>(goldens, name, 'expected.json')),
    model.config,
  );
  return { model, batch };
}

describe.each(names)('%s', (name) => {
  it.each([
    ['lora', lora],
    ['prefix', prefix],
  ])('%s: gradient, packed rows and cache agree with the loss', async (kind, adapter) => {
    const { model, batch } = await loaded(name, adapter);
    const { get } = model.parameters;
    const wrt = own(model);
    const { loss, gradients } = await lossAndGradients(model, get, batch, wrt);

    // along its gradient the loss rises by |g| a unit
    const square = await model.engine.ops.dot([...gradients.values()].map((g) => [g, g] as const));
    const step = 3e-3 / Math.sqrt(square);
    const at = (scale: number) =>
      lossOf(model, (p) => (gradients.has(p) ? model.engine.ops.addScaled(get(p), gradients.get(p)!, scale) : get(p)), batch); // prettier-ignore
    const slope = ((await at(step)) - (await at(-step))) / (2 * step);
    expect(Math.abs(slope - square)).toBeLessThan(0.01 * square);
    expect(square).toBeGreaterThan(0);

    const packed = await PackedBatch.of(batch);
    expect(Math.abs((await lossFrom(model, get, packed, 0)) - loss)).toBeLessThan(1e-5);
    packed.dispose();

    const options = { maxNewTokens: 5, eos: -1, pad: 0 };
    const prompts = [[45, 27, 60, 6, 59], [46, 60], [7]];
    const cached = await generate(model, prompts, options);
    expect(await generate(model, prompts, { ...options, cache: false })).toEqual(cached);

    if (kind === 'lora') {
      const whole = model.parameters.list.filter((p) => p.base !== undefined).map((p) => merged(model, p));
      for (const p of wrt) model.parameters.replace(p, tf.zeros([...p.shape]));
      const rest = model.parameters.list.filter((p) => p.base !== undefined);
      rest.forEach((p, i) => model.parameters.replace(p, whole[i]!));
      expect(Math.abs((await lossOf(model, get, batch)) - loss)).toBeLessThan(1e-5);
    }
    tf.dispose([...gradients.values()]);
    batch.dispose();
    model.dispose();
  });
});
