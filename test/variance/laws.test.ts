import type { Tensor } from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine, tf, type Engine } from '../../src/engine/index.ts';
import type { Distribution } from '../../src/noise/index.ts';
import { keyOf } from '../../src/estimate/index.ts';
import { ParameterStore, type ParameterInfo } from '../../src/model/index.ts';
import { measureVariance, secondMomentLaw, tensorLaw, type Objective } from '../../src/variance/index.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine('wasm');
  await engine.activate();
});

const info = (name: string, size: number): ParameterInfo => ({
  name,
  shape: [size],
  size,
  role: 'q',
  layer: 0,
  tied: false,
});

/** L(w) = sum_i h_i w_i^2 / 2 over two tensors, at w = 1: known gradient h and Hessian diag(h). */
function quadratic(sizes: number[]): Objective & { curvature: number } {
  const store = new ParameterStore(sizes.map((n, i) => info(`t${i}`, n)));
  const h = sizes.map((n, t) => Float64Array.from({ length: n }, (_, i) => 0.5 + ((i * 7 + t) % 5) / 4));
  const parts = async (u: Parameters<Objective['loss']>[0]) =>
    Promise.all(
      store.list.map(async (p) => {
        const t = engine.ops.noise([...p.shape], keyOf(u, p), u.law);
        const values = (await t.data()) as Float32Array;
        t.dispose();
        return values;
      }),
    );
  return {
    engine,
    parameters: store.list,
    curvature: h.flatMap((x) => [...x]).reduce((s, x) => s + x, 0),
    loss: async (u, scale) => {
      const us = await parts(u);
      return us.reduce(
        (sum, v, t) => v.reduce((s, x, i) => s + (h[t]![i]! * (1 + scale * x) ** 2) / 2, sum),
        0,
      );
    },
    gradient: () =>
      Promise.resolve({
        loss: h.flatMap((x) => [...x]).reduce((s, x) => s + x / 2, 0),
        gradients: new Map(store.list.map((p, t) => [p, tf.tensor1d(Float32Array.from(h[t]!)) as Tensor])),
      }),
  };
}

describe('measureVariance on a quadratic', () => {
  const laws: Distribution[] = ['gaussian', 'rademacher'];
  it.each(laws)('finds the second moment of the law, %s, q = 1 and 4', async (law) => {
    const before = tf.memory().numTensors;
    const report = await measureVariance(quadratic([40, 23]), {
      law,
      draws: 1600,
      queries: [1, 4],
      estimator: 'two-sided',
      epsilon: 1e-3,
      seed: 3,
    });
    expect(report.dimension).toBe(63);
    for (const row of report.rows) {
      expect(Math.abs(row.secondMoment.mean - row.law)).toBeLessThan(4 * row.secondMoment.standardError);
      // a wrong law would be caught: the error bar is far smaller than the distance to d / q
      expect(row.secondMoment.standardError).toBeLessThan(0.06 * row.law);
      expect(Math.abs(row.rmsCosine / row.rmsCosineLaw - 1)).toBeLessThan(0.1);
    }
    for (const t of report.tensors)
      expect(Math.abs(t.secondMoment.mean - t.law)).toBeLessThan(4 * t.secondMoment.standardError);
    for (const c of report.coefficients) expect(c.measured).toBeCloseTo(c.exact, 4);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(laws)(
    'finds the curvature that a large epsilon adds to the one-sided estimate, %s',
    async (law) => {
      const epsilon = 0.5;
      const objective = quadratic([40, 23]);
      const report = await measureVariance(objective, {
        law,
        draws: 1600,
        queries: [1, 4],
        epsilon,
        seed: 4,
      });
      // K = (eps^2 / 4) E (u' H u)^2 / |g|^2 >= (eps^2 / 4) (tr H)^2 / |g|^2
      const floor = ((epsilon * objective.curvature) / 2) ** 2 / report.gradientNorm ** 2;
      expect(report.curvature.mean).toBeGreaterThan(0.95 * floor);
      for (const row of report.rows) {
        expect(Math.abs(row.deviation)).toBeLessThan(4);
        expect(row.secondMoment.mean - row.law).toBeGreaterThan(4 * row.secondMoment.standardError);
      }
    },
  );

  it('stops early and reports what it has', async () => {
    const stop = new AbortController();
    const report = await measureVariance(quadratic([8]), {
      draws: 100,
      queries: [1],
      signal: stop.signal,
      onDraw: (n) => n === 30 && stop.abort(),
    });
    expect(report.draws).toBe(30);
  });

  it('refuses what cannot be meant', async () => {
    await expect(measureVariance(quadratic([8]), { draws: 1 })).rejects.toThrow(/draws is 1/);
    await expect(measureVariance(quadratic([8]), { draws: 8, queries: [8] })).rejects.toThrow(/too few/);
    await expect(measureVariance(quadratic([8]), { epsilon: 0 })).rejects.toThrow(/epsilon is 0/);
  });
});

describe('laws', () => {
  it('sum over tensors to the law of the whole', () => {
    const sizes = [5, 11, 30];
    const shares = [0.2, 0.5, 0.3];
    for (const law of ['gaussian', 'rademacher'] as const) {
      for (const q of [1, 4]) {
        const sum = sizes.reduce((s, d, i) => s + tensorLaw(d, shares[i]!, q, law), 0);
        expect(sum).toBeCloseTo(secondMomentLaw(46, q, law), 12);
      }
    }
  });
});
