import { join } from 'node:path';
import type { Tensor } from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine, tf, type Engine } from '../../src/engine/index.ts';
import { DeviceBatch, loadModel, type TokenBatch } from '../../src/model/index.ts';
import { isInside } from '../../src/variance/checks.ts';
import {
  bestStepLaw,
  curvatureAlongGradient,
  tryStep,
  measureRoutes,
  modelObjective,
  quadratic,
  statesBelow,
  sweepModel,
  type Objective,
} from '../../src/variance/index.ts';
import { goldenBatch, readJson, type Expected } from '../goldens.ts';

const dir = join(import.meta.dirname, '..', 'goldens', 'model', 'llama-tied-headdim');
const tokens = goldenBatch(readJson<Expected>(dir, 'expected.json'));

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine('wasm');
  await engine.activate();
});

/** Diagonal from 0.2 to 1.2 and a gradient that is not along any axis. */
const bowl = () =>
  quadratic(engine, {
    shapes: [[50], [30]],
    diagonal: (i) => 0.2 + i / 80,
    gradient: (i) => Math.sin(3 * i) + 0.3,
  });

/** g'Hg / |g|^2 of `bowl`, by hand. */
const along = (() => {
  const g = Array.from({ length: 80 }, (_, i) => Math.sin(3 * i) + 0.3);
  const g2 = g.reduce((s, x) => s + x * x, 0);
  return g.reduce((s, x, i) => s + x * x * (0.2 + i / 80), 0) / g2;
})();

/** An objective whose loss is b times another's. */
const times = (on: Objective, b: number): Objective => ({
  ...on,
  loss: async (u, scale) => b * (await on.loss(u, scale)),
  lossAt: async (move) => b * (await on.lossAt(move)),
  gradient: async (move) => {
    const { loss, gradients } = await on.gradient(move);
    const scaled = new Map([...gradients].map(([p, g]) => [p, g.mul<Tensor>(b)]));
    gradients.forEach((g) => g.dispose());
    return { loss: b * loss, gradients: scaled };
  },
});

describe('the best step', () => {
  it('is where the law says, on a quadratic', async () => {
    const live = tf.memory().numTensors;
    const on = bowl();
    const found = await curvatureAlongGradient(on);
    expect(found.along).toBeCloseTo(along, 3);
    expect(found.gradient2).toBeCloseTo(on.facts.gradient2, 3);
    const best = bestStepLaw({ gradient2: on.facts.gradient2, trace: on.facts.trace, along });
    expect(best.slowdown).toBeCloseTo(on.facts.trace / along + 2, 6);
    const at = (share: number) =>
      tryStep(on, { rate: share * best.rate, draws: 1500, epsilon: 1e-2, estimator: 'two-sided' });
    const [quarter, whole, twice] = [await at(0.25), await at(1), await at(2)];
    expect(isInside(quarter, (7 / 16) * best.decrease)).toBe(true);
    expect(isInside(whole, best.decrease)).toBe(true);
    expect(isInside(twice, 0)).toBe(true);
    expect(isInside(whole, 1.5 * best.decrease)).toBe(false);
    on.dispose();
    expect(tf.memory().numTensors).toBe(live);
  });

  it('shrinks with mini-batch noise and grows with the queries; there is none where the loss bends down', () => {
    const facts = { gradient2: 4, trace: 10, along: 2 };
    expect(bestStepLaw(facts)).toEqual({ rate: 1 / 14, decrease: 4 / 28, slowdown: 7 });
    expect(bestStepLaw({ ...facts, nu: 1 })).toEqual({ rate: 1 / 28, decrease: 4 / 56, slowdown: 7 });
    expect(bestStepLaw(facts, 2).slowdown).toBe(4);
    expect(bestStepLaw({ ...facts, K: 0.5 }).slowdown).toBe(9.5);
    expect(bestStepLaw({ ...facts, trace: -10 }).rate).toBeNaN();
    // |g|^2 and H of a loss that is scaled by s: the same share of the loss
    const scaled = bestStepLaw({ gradient2: 4 * 9, trace: 30, along: 6 });
    expect(scaled.decrease / 3).toBeCloseTo(4 / 28, 12);
  });

  it('refuses what is no rate, and steps that leave the world', async () => {
    const on = bowl();
    await expect(tryStep(on, { rate: NaN })).rejects.toThrow(/rate of the step is NaN/);
    await expect(tryStep(on, { rate: 1, draws: 1 })).rejects.toThrow(/draws is 1/);
    await expect(tryStep(on, { rate: 1e300 })).rejects.toThrow(/take a smaller rate/);
    on.dispose();
  });
});

describe('routes', () => {
  it('of a quadratic are its own: trace from the draws, curvature along g, no mini-batch noise between equals', async () => {
    const live = tf.memory().numTensors;
    const on = bowl();
    const { facts } = on;
    const found = await measureRoutes([on, on, on, on], { draws: 400, epsilon: 0.3, steps: 20, tries: 40 });
    expect(found.noise.noise.mean).toBeCloseTo(0, 6);
    expect(isInside(found.trace, facts.trace)).toBe(true);
    expect(isInside(found.trace, 1.2 * facts.trace)).toBe(false);
    expect(found.along.mean).toBeCloseTo(along, 3);
    expect(found.largest).toBeCloseTo(0.2 + 79 / 80, 2);
    const K = (0.09 / 4) * ((facts.trace ** 2 + 2 * facts.frobenius2) / facts.gradient2);
    expect(isInside(found.K, K)).toBe(true);
    expect(found.varianceLaw).toBe(81);
    expect(found.own.slowdown).toBeCloseTo((found.trace.mean * (1 + found.K.mean) + 2 * found.along.mean) / found.along.mean, 6); // prettier-ignore
    expect(isInside(found.tried!.decrease, found.tried!.law)).toBe(true);
    expect(found.whole.decrease).toBeCloseTo(found.own.decrease, 4);
    on.dispose();
    expect(tf.memory().numTensors).toBe(live);
  });

  it('find mini-batch noise between different slopes, and count it in the steps', async () => {
    const on = bowl();
    const found = await measureRoutes(
      [4, 5, 6].map((b) => times(on, b)),
      { draws: 40, steps: 0, tries: 0 },
    );
    // g_b = b g: signal the mean of 20, 24, 30, E|g_b|^2 that of 16, 25, 36
    const g2 = on.facts.gradient2;
    expect(found.noise.signal.mean / g2).toBeCloseTo(74 / 3, 4);
    expect(found.noise.noise.mean / g2).toBeCloseTo(1, 4);
    expect(found.whole.decrease / found.own.decrease).toBeCloseTo((74 / 77) ** 2, 4);
    expect(found.tried).toBeUndefined();
    expect(found.largest).toBeNaN();
    const other = bowl();
    await expect(measureRoutes([on, on, other])).rejects.toThrow(/move different tensors/);
    on.dispose();
    other.dispose();
  });
});

describe('routes of a model', () => {
  it('come with a sweep, over the vocabulary too, and leave nothing behind', async () => {
    const model = await loadModel(engine, dir);
    const live = tf.memory().numTensors;
    const parameters = model.parameters.list.filter((p) => p.layer === 1);
    const other = (by: number): TokenBatch => ({ ...tokens, ids: tokens.ids.map((id) => (id + by) % 20) });
    const base = {
      model,
      parameters,
      batches: [tokens, other(1), other(2)],
      routes: { draws: 4, steps: 2, tries: 2 },
    };
    const { vocabulary } = model.config;
    const targets = new Set(tokens.targets).size;
    const report = await sweepModel('vocabulary', [targets, vocabulary], base);
    const [few, all] = report.points.map((p) => p.routes!.loss.mean) as [number, number];
    expect(few).toBeLessThan(all);
    expect(report.points[0]!.report.draws).toBe(4);
    await expect(sweepModel('vocabulary', [targets - 1], base)).rejects.toThrow(
      /candidates of the batch were asked for/,
    );
    await expect(sweepModel('estimator', ['two-sided'], base)).rejects.toThrow(/one-sided Gaussian/);
    expect(tf.memory().numTensors).toBe(live);
    model.dispose();
  });

  it('are the same when the states below are given', async () => {
    const model = await loadModel(engine, dir);
    const parameters = model.parameters.list.filter((p) => p.layer === 1);
    const live = tf.memory().numTensors;
    const batch = new DeviceBatch(tokens, model.config);
    const states = statesBelow(model, batch, parameters)!;
    const [own, given] = [
      modelObjective(model, batch, parameters),
      modelObjective(model, batch, parameters, { below: states, recompute: true }),
    ];
    const gradients = await Promise.all([own, given].map((on) => on.gradient()));
    expect(gradients[1]!.loss).toBe(gradients[0]!.loss);
    for (const [p, g] of gradients[0]!.gradients)
      expect(await gradients[1]!.gradients.get(p)!.data()).toEqual(await g.data());
    expect(await given.lossAt()).toBeCloseTo(await own.lossAt(), 6);
    gradients.forEach(({ gradients }) => gradients.forEach((g) => g.dispose()));
    own.release!();
    given.release!();
    states.dispose();
    batch.dispose();
    expect(tf.memory().numTensors).toBe(live);
    model.dispose();
  });
});
