import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEngine, type Engine } from '../../src/engine/index.ts';
import { tf } from '../../src/engine/tf.ts';
import { perturbedWeights } from '../../src/estimate/index.ts';
import {
  DeviceBatch,
  loadModel,
  lossAndGradients,
  type AdapterOptions,
  type Decoder,
  type Parameter,
  type Weights,
} from '../../src/model/index.ts';
import { fillNoise, tensorId } from '../../src/noise/index.ts';
import { distance, engines } from '../engine/engines.ts';
import { goldenBatch, readJson, type Expected } from '../goldens.ts';

const goldens = join(import.meta.dirname, '..', 'goldens', 'model');
const names = readdirSync(goldens);

/** Where first-order tensors may lie. */
const selections: Record<string, (p: Parameter, model: Decoder) => boolean> = {
  all: () => true,
  'the embedding': (p, model) => p === model.embedding,
  'the embedding and some of each layer': (p, model) => p === model.embedding || p.index % 3 === 1,
  'the lowest layer, under ZO ones': (p) => p.layer === 0,
  'some of the upper layer': (p) => p.layer === 1 && p.index % 2 === 0,
  'what follows the layers': (p, model) => p.layer === model.config.layers,
};
const adapters: Record<string, AdapterOptions> = {
  lora: { kind: 'lora', rank: 2, alpha: 2, targets: 'all-linear' },
  prefix: { kind: 'prefix', tokens: 3, init: 'noise' },
};

interface Found {
  loss: number;
  gradients: Map<string, Float32Array>;
}

/** Loss and gradients, and that nothing else is left. */
async function found(
  model: Decoder,
  weights: Weights,
  batch: DeviceBatch,
  wrt: readonly Parameter[],
  recompute: boolean,
): Promise<Found> {
  const live = tf.memory().numTensors;
  const { loss, gradients } = await lossAndGradients(model, weights, batch, wrt, { recompute });
  expect(tf.memory().numTensors).toBe(live + gradients.size);
  const values = new Map<string, Float32Array>();
  for (const [p, g] of gradients) values.set(p.name, (await g.data<'float32'>()).slice());
  tf.dispose([...gradients.values()]);
  expect([...values.keys()]).toEqual(wrt.map((p) => p.name)); // in the order asked for
  return { loss, gradients: values };
}

/** Compares a model's gradients with and without recomputation, on clean weights and with every other tensor perturbed. */
async function compare(
  engine: Engine,
  model: Decoder,
  batch: DeviceBatch,
  chosen: readonly Parameter[],
  same: (again: Found, once: Found) => void,
): Promise<void> {
  const { list, get } = model.parameters;
  const moved = new Set(list.filter((p) => !chosen.includes(p)));
  const u = { seed: 5, step: 0, query: 0, law: 'gaussian' } as const;
  const perturbed = perturbedWeights(engine, model.parameters, moved, u, 1e-2);
  for (const weights of [get, perturbed]) {
    same(await found(model, weights, batch, chosen, true), await found(model, weights, batch, chosen, false));
  }
}

const toTheBit = (again: Found, once: Found) => {
  expect(again.loss).toBe(once.loss);
  for (const [name, g] of once.gradients) {
    expect(Buffer.from(again.gradients.get(name)!.buffer).equals(Buffer.from(g.buffer)), name).toBe(true);
  }
};
const closely = (again: Found, once: Found) => {
  expect(Math.abs(again.loss - once.loss)).toBeLessThan(1e-6);
  for (const [name, g] of once.gradients) {
    expect(distance(again.gradients.get(name)!, g), name).toBeLessThan(1e-6);
  }
};

async function opened(engine: Engine, name: string, adapter?: AdapterOptions) {
  await engine.activate();
  const model = await loadModel(engine, join(goldens, name), { adapter });
  const expected = readJson<Expected>(goldens, name, 'expected.json');
  return { model, batch: new DeviceBatch(goldenBatch(expected), model.config) };
}

describe.each(names)('recomputed blocks of %s give the same gradients to the bit', (name) => {
  it.each(Object.entries(selections))('%s', async (_, select) => {
    const engine = await openEngine('wasm');
    const { model, batch } = await opened(engine, name);
    const chosen = model.parameters.list.filter((p) => select(p, model));
    expect(chosen.length).toBeGreaterThan(0);
    await compare(engine, model, batch, chosen, toTheBit);
    batch.dispose();
    model.dispose();
  });

  it.each(Object.entries(adapters))('%s', async (_, adapter) => {
    const engine = await openEngine('wasm');
    const { model, batch } = await opened(engine, name, adapter);
    const own = model.parameters.list.filter((p) => p.base === undefined);
    for (const p of own) {
      // LoRA's B is zero at the start, and then the gradient of A is
      const values = new Float32Array(p.size);
      fillNoise(values, { seed: 9, step: 0, query: 0, tensor: tensorId(p.name) }, 'gaussian');
      model.parameters.replace(p, tf.tensor(values.map((x) => 0.2 * x), [...p.shape])); // prettier-ignore
    }
    await compare(engine, model, batch, own, toTheBit);
    await compare(engine, model, batch, own.filter((p) => p.layer === 0), toTheBit); // prettier-ignore
    batch.dispose();
    model.dispose();
  });
});

describe.each(Object.entries(engines))('on %s', (_, open) => {
  it.each(['llama-tied-headdim', 'gpt2', 'gpt_neox'])('%s', async (name) => {
    const engine = await open();
    const { model, batch } = await opened(engine, name);
    for (const select of [selections.all!, selections['the embedding and some of each layer']!]) {
      const chosen = model.parameters.list.filter((p) => select(p, model));
      await compare(engine, model, batch, chosen, closely);
    }
    batch.dispose();
    model.dispose();
  });
});

it('takes given states below for those of the blocks below', async () => {
  const engine = await openEngine('wasm');
  const { model, batch } = await opened(engine, 'llama');
  const { list, get } = model.parameters;
  const wrt = list.filter((p) => p.layer === 1);
  const live = tf.memory().numTensors;
  const below = model.hidden(get, batch, 0, 2);
  const once = await found(model, get, batch, wrt, false);
  const again = await lossAndGradients(model, get, batch, wrt, { below, recompute: true });
  expect(again.loss).toBe(once.loss);
  for (const [p, g] of again.gradients) expect(await g.data()).toEqual(once.gradients.get(p.name));
  expect(below.isDisposed).toBe(false);
  tf.dispose([below, ...again.gradients.values()]);
  expect(tf.memory().numTensors).toBe(live);
  batch.dispose();
  model.dispose();
});
