import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine, tf, type Engine } from '../../src/engine/index.ts';
import { perturbedWeights } from '../../src/estimate/index.ts';
import { DeviceBatch, loadModel, lossOf } from '../../src/model/index.ts';
import {
  continueVariance,
  measureVariance,
  modelObjective,
  quadratic,
  type VarianceReport,
} from '../../src/variance/index.ts';
import { goldenBatch, readJson, type Expected } from '../goldens.ts';

const dir = join(import.meta.dirname, '..', 'goldens', 'model', 'llama-tied-headdim');
const tokens = goldenBatch(readJson<Expected>(dir, 'expected.json'));

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine('wasm');
  await engine.activate();
});

const json = (report: VarianceReport) => JSON.parse(JSON.stringify(report)) as VarianceReport;

describe('measureVariance', () => {
  it('goes on where it was interrupted, to the same figures as in one go', async () => {
    const bowl = quadratic(engine, { shapes: [[9], [4, 3]], gradient: (i) => 1 + i / 7 });
    const options = { draws: 100, queries: [1, 2, 3, 8], seed: 4, law: 'sphere' } as const;
    const whole = await measureVariance(bowl, options);
    const stop = new AbortController();
    const part = await measureVariance(bowl, {
      ...options,
      signal: stop.signal,
      onDraw: (n) => n === 30 && stop.abort(),
    });
    expect(part.draws).toBe(30);
    const on = await continueVariance(bowl, json(part), { draws: 61 });
    expect(on.draws).toBe(61);
    expect(json(await continueVariance(bowl, json(on), { draws: 100 }))).toEqual(json(whole));
    bowl.dispose();
  });

  it('counts every group of a wide q, also one that spans a break', async () => {
    const bowl = quadratic(engine, { shapes: [[6]] });
    const part = await measureVariance(bowl, { draws: 7, queries: [1, 3] });
    expect(part.rows.map((r) => r.samples)).toEqual([7, 2]);
    const on = await continueVariance(bowl, part, { draws: 9 });
    expect(on.rows.map((r) => r.samples)).toEqual([9, 3]);
    bowl.dispose();
  });

  it('does not go on with other weights, another batch or other tensors', async () => {
    const [a, b, c] = [{}, { loss: 2 }, { shapes: [[20], [20]] }].map((o) => quadratic(engine, o)) as [ReturnType<typeof quadratic>, ReturnType<typeof quadratic>, ReturnType<typeof quadratic>]; // prettier-ignore
    const report = await measureVariance(a, { draws: 4, queries: [1] });
    await expect(continueVariance(b, report)).rejects.toThrow(/weights or the batch have changed/);
    await expect(continueVariance(c, report)).rejects.toThrow(/same ones/);
    for (const o of [a, b, c]) o.dispose();
  });

  it('refuses what cannot be meant', async () => {
    const bowl = quadratic(engine, { shapes: [[8]] });
    await expect(measureVariance(bowl, { draws: 1 })).rejects.toThrow(/draws is 1/);
    await expect(measureVariance(bowl, { draws: 8, queries: [8] })).rejects.toThrow(/too few/);
    await expect(measureVariance(bowl, { epsilon: 0 })).rejects.toThrow(/epsilon is 0/);
    bowl.dispose();
  });

  it('sums tensors to layers, roles and the whole', async () => {
    const model = await loadModel(engine, dir);
    const batch = new DeviceBatch(tokens, model.config);
    const live = tf.memory().numTensors;
    const report = await measureVariance(modelObjective(model, batch, model.parameters.list), {
      draws: 40,
      queries: [1],
    });
    for (const kind of ['tensor', 'layer', 'role'] as const) {
      const groups = report.groups.filter((g) => g.kind === kind);
      const sum = (of: (g: (typeof groups)[0]) => number) => groups.reduce((s, g) => s + of(g), 0);
      expect(sum((g) => g.size)).toBe(report.dimension);
      expect(sum((g) => g.gradientShare)).toBeCloseTo(1, 9);
      expect(sum((g) => g.secondMoment.mean) / report.rows[0]!.secondMoment.mean).toBeCloseTo(1, 9);
    }
    expect(tf.memory().numTensors).toBe(live);
    batch.dispose();
    model.dispose();
  });
});

describe('modelObjective', () => {
  it('gives the losses of naive forward passes, with the blocks below kept', async () => {
    const model = await loadModel(engine, dir);
    const batch = new DeviceBatch(tokens, model.config);
    const live = tf.memory().numTensors;
    for (const first of [0, 1, 2]) {
      const list = model.parameters.list.filter((p) => p.layer >= first && !p.tied);
      const objective = modelObjective(model, batch, list);
      for (const law of ['gaussian', 'rademacher', 'low-rank'] as const) {
        const u = { seed: 1, step: first, query: 0, law };
        const naive = await lossOf(model, perturbedWeights(engine, model.parameters, new Set(list), u, 0.01), batch); // prettier-ignore
        expect(await objective.loss(u, 0.01)).toBe(naive);
      }
      objective.release!();
    }
    expect(tf.memory().numTensors).toBe(live);
    batch.dispose();
    model.dispose();
  });

  it('does not use states of weights that were replaced', async () => {
    const model = await loadModel(engine, dir);
    const batch = new DeviceBatch(tokens, model.config);
    const top = model.parameters.list.filter((p) => p.layer === 1);
    const objective = modelObjective(model, batch, top);
    await objective.lossAt();
    const below = model.parameters.named('model.layers.0.mlp.up_proj.weight');
    model.parameters.replace(below, model.parameters.get(below).mul(1.5));
    expect(await objective.lossAt()).toBe(await lossOf(model, model.parameters.get, batch));
    objective.release!();
    batch.dispose();
    model.dispose();
  });
});
