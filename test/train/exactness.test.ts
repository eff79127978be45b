import { join } from 'node:path';
import { beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { openEngine, tf, type Engine, type Ops } from '../../src/engine/index.ts';
import { directionLaws, perturbedWeights } from '../../src/estimate/index.ts';
import {
  DeviceBatch,
  inPieces,
  loadModel,
  lossAndGradients,
  lossOf,
  type Decoder,
} from '../../src/model/index.ts';
import { fillNoise, tensorId } from '../../src/noise/index.ts';
import { AdamW } from '../../src/optimize/index.ts';
import { Partition } from '../../src/partition/index.ts';
import { profileModel, tensorCosts, type TrialStep } from '../../src/profile/index.ts';
import { hiZfoStep, stepCost, stepSettings, type StepOptions } from '../../src/train/index.ts';
import { distance } from '../engine/engines.ts';
import { goldenBatch, readJson, type Expected } from '../goldens.ts';

const dir = join(import.meta.dirname, '..', 'goldens', 'model', 'llama-tied-headdim');
const tokens = goldenBatch(readJson<Expected>(dir, 'expected.json'));
const interleaved = /q_proj|down_proj|0.self_attn.v_proj/;

let real: Engine;
let engine: Engine;
/** Throws from the n-th call of any operation on, once set. */
let failAfter = Infinity;
let model: Decoder;
let batch: DeviceBatch;
let optimizer: AdamW;

beforeAll(async () => {
  real = await openEngine('wasm');
  await real.activate();
  const ops = new Proxy(real.ops, {
    get(target, name: keyof Ops) {
      const op = target[name].bind(target) as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        if (--failAfter < 0) throw new Error('injected');
        return op(...args);
      };
    },
  });
  engine = Object.assign(Object.create(real) as Engine, { ops });
});
beforeEach(async () => {
  failAfter = Infinity;
  model = await loadModel(engine, dir);
  batch = new DeviceBatch(tokens, model.config);
  optimizer = new AdamW(engine);
});
afterEach(() => {
  optimizer.dispose();
  batch.dispose();
  model.dispose();
});

async function snapshot(): Promise<Float32Array[]> {
  return Promise.all(
    model.parameters.list.map(async (p) => (await model.parameters.get(p).data()).slice() as Float32Array),
  );
}
const partition = () => Partition.of(model.parameters.list, interleaved);
const step = async (options: StepOptions = {}, n = 0, labels = partition()) => {
  const settings = stepSettings({ rateFO: 1e-3, rateZO: 1e-5, ...options });
  const trained = inPieces(model, settings.microBatch);
  const given = await trained.prepare(tokens);
  try {
    const rest = { partition: labels, settings, optimizer, seed: 9, step: n };
    return await hiZfoStep({ model: trained, batch: given, ...rest });
  } finally {
    given.dispose();
  }
};

describe('weights are exact', () => {
  it('after a perturbed forward and backward pass', async () => {
    const before = await snapshot();
    const weights = perturbedWeights(
      engine,
      model.parameters,
      new Set(partition().with('ZO')),
      { seed: 1, step: 2, query: 0, law: 'gaussian' },
      1e-3,
    );
    const clean = await lossOf(model, model.parameters.get, batch);
    const { loss, gradients } = await lossAndGradients(model, weights, batch, partition().with('FO'));
    tf.dispose([...gradients.values()]);
    expect(loss).not.toBe(clean);
    expect(await snapshot()).toEqual(before);
    expect(await lossOf(model, model.parameters.get, batch)).toBe(clean); // also: two clean losses are equal
  });

  it.each([
    ['', {}],
    [', blocks recomputed', { recompute: true }],
    [', a row at a time', { microBatch: 1 }],
  ])(
    'whichever operation of the losses and gradients throws%s; nothing leaks and the tape is off',
    async (_, options) => {
      const before = await snapshot();
      const live = tf.memory().numTensors;
      let failures = 0;
      for (let n = 0; ; n += 7) {
        failAfter = n;
        const failed = await step(options).then(
          () => false,
          (e: Error) => e.message === 'injected',
        );
        failAfter = Infinity;
        if (!failed) break;
        const now = await snapshot();
        const changed = now.some((w, i) => w.some((x, k) => x !== before[i]![k]));
        if (changed) break; // the losses are done: from here on the update itself runs
        expect(tf.memory().numTensors, `after ${n} operations`).toBe(live);
        expect(tf.engine().isTapeOn()).toBe(false);
        failures++;
      }
      expect(failures).toBeGreaterThan(8);
    },
  );

  it('after profiling, moments included', async () => {
    await step();
    const before = await snapshot();
    const live = tf.memory().numTensors;
    const held = optimizer.held.length;
    const trial: TrialStep = (p, w, g) => optimizer.tried(p, w, g, 2e-5);
    const profile = await profileModel(model, [tokens, tokens], trial);
    expect(await profileModel(model, [tokens, tokens], trial, { recompute: true })).toEqual(profile);
    const pieces = await profileModel(model, [tokens, tokens], trial, { microBatch: 1 });
    expect(pieces.lossAfter).toBeCloseTo(profile.lossAfter, 5);
    pieces.entries.forEach((e, k) => {
      expect(e.importance).toBeCloseTo(profile.entries[k]!.importance, 2); // AdamW's first step is the sign of g: rounding near 0 turns it
      expect([e.dy, e.dw]).toEqual([profile.entries[k]!.dy, profile.entries[k]!.dw]);
    });
    expect(await snapshot()).toEqual(before);
    expect(optimizer.held.length).toBe(held);
    expect(tf.memory().numTensors).toBe(live);
  });
});

describe('hiZfoStep', () => {
  it('is the same run for the same seed, bit by bit', async () => {
    const run = async () => {
      for (let n = 0; n < 5; n++) await step({ queries: 2 }, n);
      return snapshot();
    };
    const first = await run();
    model.dispose();
    optimizer.dispose();
    model = await loadModel(engine, dir);
    optimizer = new AdamW(engine);
    expect(await run()).toEqual(first);
  });

  it('is the same step with its blocks recomputed, bit by bit', async () => {
    const run = async (options: StepOptions) => {
      const rows = [];
      for (let n = 0; n < 3; n++)
        rows.push(await step({ ...options, queries: 2, estimator: 'two-sided' }, n));
      return { rows, weights: await snapshot() };
    };
    const once = await run({});
    model.dispose();
    optimizer.dispose();
    model = await loadModel(engine, dir);
    optimizer = new AdamW(engine);
    expect(await run({ recompute: true })).toEqual(once);
  });

  it('is the same step a row at a time but for rounding, and costs the same', async () => {
    const settings = stepSettings();
    const pieces = await inPieces(model, 1).prepare(tokens);
    expect(stepCost(model, partition(), settings, pieces)).toEqual(
      stepCost(model, partition(), settings, batch),
    );
    pieces.dispose();
    const run = async (options: StepOptions) => {
      const rows = [];
      for (let n = 0; n < 3; n++) rows.push(await step({ ...options, rateFO: 1e-4, queries: 2 }, n));
      return { rows, weights: await snapshot() };
    };
    const before = await snapshot();
    const once = await run({});
    model.dispose();
    optimizer.dispose();
    model = await loadModel(engine, dir);
    optimizer = new AdamW(engine);
    const again = await run({ microBatch: 1 });
    again.rows.forEach((row, n) => {
      expect(row.loss).toBeCloseTo(once.rows[n]!.loss, 5);
      expect(row.perturbedLoss).toBeCloseTo(once.rows[n]!.perturbedLoss, 5);
      expect(row.gradientNorm / once.rows[n]!.gradientNorm).toBeCloseTo(1, 4);
    });
    // of FO tensors the first steps of AdamW are the sign of a gradient, which rounding turns near 0
    for (const { index, name } of partition().with('ZO')) {
      const [moved, pieces] = [once.weights[index]!, again.weights[index]!];
      expect(distance(moved, before[index]!), name).toBeGreaterThan(1e-5);
      expect(distance(pieces, moved), name).toBeLessThan(1e-6);
    }
  });

  it('counts the forward pass that recomputation makes once more, head and blocks below not', () => {
    const flops = (options: StepOptions, labels: Partition) =>
      stepCost(model, labels, stepSettings(options), batch).flops;
    const size = { batch: tokens.batch, length: tokens.length, headRows: tokens.targets.length };
    const costs = tensorCosts(model.config, model.parameters.list, size);
    const forward = (from: number) => costs.slice(1).reduce((sum, c, i) => sum + (model.parameters.list[i + 1]!.layer >= from ? c.fp : 0), 0); // prettier-ignore
    const all = Partition.uniform(model.parameters.list, 'FO');
    const upper = Partition.of(model.parameters.list, 'model.layers.1.*');
    for (const [labels, from, passes] of [
      [all, 0, 1],
      [upper, 1, 2],
    ] as const) {
      // prettier-ignore
      const more = flops({ recompute: true }, labels) - flops({}, labels);
      expect(more / (2 * passes * forward(from))).toBeCloseTo(1, 10);
    }
  });

  it('lowers the loss with FO, with ZO and with both', async () => {
    for (const labels of [
      Partition.uniform(model.parameters.list, 'FO'),
      Partition.uniform(model.parameters.list, 'ZO'),
      partition(),
    ]) {
      const start = await lossOf(model, model.parameters.get, batch);
      for (let n = 0; n < 40; n++) await step({ rateZO: 1e-4 }, n, labels);
      expect(await lossOf(model, model.parameters.get, batch)).toBeLessThan(start);
    }
  });

  it('lowers the loss along directions of every law', async () => {
    const labels = Partition.uniform(model.parameters.list, 'ZO');
    for (const law of directionLaws) {
      const start = await lossOf(model, model.parameters.get, batch);
      for (let n = 0; n < 40; n++) await step({ rateZO: 1e-4, law }, n, labels);
      expect(await lossOf(model, model.parameters.get, batch), law).toBeLessThan(start);
    }
  });

  it('leaves the ZO tensors alone when the ZO update is off, and the FO ones with rate 0', async () => {
    const before = await snapshot();
    await step({ updateZO: 'off', rateFO: 0 });
    expect(await snapshot()).toEqual(before);
    await step({ updateZO: 'sgd', rateFO: 0 });
    const now = await snapshot();
    model.parameters.list.forEach((p, i) => {
      if (interleaved.test(p.name)) expect(now[i]).toEqual(before[i]);
      else expect(now[i]).not.toEqual(before[i]);
    });
  });

  it('keeps the size of the estimate but not its sign in the noise control', async () => {
    const before = await snapshot();
    const signs = new Set<number>();
    for (let n = 0; n < 12; n++) {
      const r = await step({ updateZO: 'noise', rateFO: 0, rateZO: 1e-4 }, n);
      const now = await snapshot();
      const i = model.parameters.list.findIndex((p) => !interleaved.test(p.name));
      const u = new Float32Array(1);
      fillNoise(
        u,
        { seed: 9, step: n, query: 0, tensor: tensorId(model.parameters.list[i]!.name) },
        'gaussian',
      );
      const moved = now[i]![0]! - before[i]![0]!;
      before[i] = now[i]!;
      expect(Math.abs(moved / (1e-4 * r.coefficients[0]! * u[0]!))).toBeCloseTo(1, 1);
      signs.add(Math.sign(moved * r.coefficients[0]! * u[0]!));
    }
    expect(signs.size).toBe(2);
  });

  it('skips the update when a loss is not finite, and says why', async () => {
    const p = model.parameters.named('model.norm.weight');
    model.parameters.replace(p, tf.fill([...p.shape], NaN));
    const before = await snapshot();
    const r = await step();
    expect(r.skipped).toBe('the clean loss is NaN');
    expect(await snapshot()).toEqual(before);
    expect(optimizer.held).toEqual([]);
  });

  it('runs 500 steps with flat tensors and memory', { timeout: 120_000 }, async () => {
    for (let n = 0; n < 20; n++) await step({}, n);
    const live = real.memory();
    const resident = process.memoryUsage.rss();
    for (let n = 20; n < 520; n++) await step({}, n);
    expect(real.memory()).toEqual(live);
    expect(process.memoryUsage.rss() - resident).toBeLessThan(64 * 2 ** 20);
  });
});
