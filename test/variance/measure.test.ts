import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine, tf, type Engine } from '../../src/engine/index.ts';
import { perturbedWeights } from '../../src/estimate/index.ts';
import { DeviceBatch, loadModel, lossOf, type TokenBatch } from '../../src/model/index.ts';
import {
  continueVariance,
  measureVariance,
  modelObjective,
  quadratic,
  type VarianceReport,
} from '../../src/variance/index.ts';
import { goldenBatch, readJson, type Expected } from '../goldens.ts';

const goldens = join(import.meta.dirname, '..', 'goldens', 'model');
const dir = join(goldens, 'llama-tied-headdim');
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

/** A batch with itself below, whose third token is another: three beginnings a row are told apart, two are shared. */
function twice(b: TokenBatch): TokenBatch {
  const two = (values: Int32Array, step: number) =>
    Int32Array.from([...values, ...values.map((x) => x + step)]);
  const ids = two(b.ids, 0);
  for (let row = b.batch; row < 2 * b.batch; row++)
    ids[row * b.length + 2] = ids[row * b.length + 2]! === 5 ? 6 : 5;
  const positions = two(b.positions, b.batch * b.length);
  return { ...b, ids, batch: 2 * b.batch, positions, targets: two(b.targets, 0) };
}

describe('modelObjective', () => {
  it.each(readdirSync(goldens))('gives the losses of naive forward passes, faster: %s', async (name) => {
    const model = await loadModel(engine, join(goldens, name));
    // row 0 loses its end, row 1 its first target: rows that do not count, in both places; then row 0 again, with another token in it
    const all = twice(goldenBatch(readJson<Expected>(goldens, name, 'expected.json')));
    const kept = [...all.positions.keys()].filter(
      (i) => i % 3 !== 1 && all.positions[i]! % all.length < all.length - 3,
    );
    const cut = {
      ...all,
      positions: Int32Array.from(kept, (i) => all.positions[i]!),
      targets: Int32Array.from(kept, (i) => all.targets[i]!),
    };
    const batch = new DeviceBatch(cut, model.config);
    const live = tf.memory().numTensors;
    for (const first of [-1, 0, 1, 2]) {
      const list = model.parameters.list.filter((p) => p.layer >= first && !(p.tied && first >= 0));
      const objective = modelObjective(model, batch, list);
      for (const law of ['gaussian', 'rademacher', 'low-rank'] as const) {
        const u = { seed: 1, step: first + 1, query: 0, law };
        const naive = await lossOf(
          model,
          perturbedWeights(engine, model.parameters, new Set(list), u, 0.01),
          batch,
        );
        expect(Math.abs((await objective.loss(u, 0.01)) - naive), `${law} from layer ${first}`).toBeLessThan(
          2e-6 * naive,
        );
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
    const stale = await objective.lossAt();
    const below = model.parameters.named('model.layers.0.mlp.up_proj.weight');
    model.parameters.replace(below, model.parameters.get(below).mul(1.5));
    expect(await objective.lossAt()).toBeCloseTo(await lossOf(model, model.parameters.get, batch), 5);
    expect(Math.abs((await objective.lossAt()) - stale)).toBeGreaterThan(1e-4);
    objective.release!();
    batch.dispose();
    model.dispose();
  });
});
