import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine, tf, type Engine } from '../../src/engine/index.ts';
import { DeviceBatch, loadModel } from '../../src/model/index.ts';
import { isInside } from '../../src/variance/checks.ts';
import { hessianVector } from '../../src/variance/hessian.ts';
import { ends, lanczos } from '../../src/variance/lanczos.ts';
import { noiseVariance } from '../../src/variance/rounding.ts';
import { dispose, drawn, inner } from '../../src/variance/vectors.ts';
import {
  batchVarianceLaw,
  measureBatchNoise,
  measureCurvature,
  measureRounding,
  measureSharpness,
  measureVariance,
  modelObjective,
  probes,
  quadratic,
  splitError,
  type Objective,
} from '../../src/variance/index.ts';
import { goldenBatch, readJson, type Expected } from '../goldens.ts';
import { exactHessian, networkObjective, start } from './network.ts';

const dir = join(import.meta.dirname, '..', 'goldens', 'model', 'llama-tied-headdim');
const tokens = goldenBatch(readJson<Expected>(dir, 'expected.json'));

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine('wasm');
  await engine.activate();
});

const bowl = () =>
  quadratic(engine, {
    shapes: [[30], [10]],
    diagonal: (i) => (i === 7 ? 6 : 0.1 * (i % 9)),
    vector: (i) => (i === 7 ? 0 : 0.2),
    gradient: (i) => Math.sin(i) + 0.2,
  });
const gaussian = (step: number) => ({ seed: 2, step, query: 0, law: 'gaussian' as const });

async function flat(objective: Objective, v: ReadonlyMap<unknown, { data(): Promise<ArrayLike<number>> }>) {
  const parts = await Promise.all(
    objective.parameters.map(async (p) => [...Array.from(await v.get(p)!.data())]),
  );
  return parts.flat();
}

describe('Hessian-vector products', () => {
  it('are exact but for rounding on a quadratic', async () => {
    const live = tf.memory().numTensors;
    const on = bowl();
    const v = drawn(engine, on.parameters, gaussian(0));
    const hv = await hessianVector(on, v);
    const [x, y] = [await flat(on, v), await flat(on, hv)];
    const h = (i: number) => (i === 7 ? 6 : 0.1 * (i % 9));
    const a = (i: number) => (i === 7 ? 0 : 0.2);
    const av = x.reduce((s, xi, i) => s + a(i) * xi, 0);
    const norm = Math.hypot(...y);
    y.forEach((yi, i) => expect(Math.abs(yi - h(i) * x[i]! - a(i) * av) / norm).toBeLessThan(3e-4));
    dispose(v, hv);
    on.dispose();
    expect(tf.memory().numTensors).toBe(live);
  });

  it('are within 1e-3 of float64 on a network', async () => {
    const on = networkObjective(engine);
    const H = exactHessian(start);
    const v = drawn(engine, on.parameters, gaussian(1));
    const x = await flat(on, v);
    const exact = H.map((row) => row.reduce((s, hij, j) => s + hij * x[j]!, 0));
    const errors: number[] = [];
    for (const length of [0.4, 0.03, 0.01, 1e-6]) {
      const hv = await hessianVector(on, v, length);
      const y = await flat(on, hv);
      errors.push(Math.hypot(...y.map((yi, i) => yi - exact[i]!)) / Math.hypot(...exact));
      dispose(hv);
    }
    expect(errors[2]).toBeLessThan(1e-3);
    expect(errors[0]).toBeGreaterThan(1e-3); // truncation
    expect(errors[3]).toBeGreaterThan(1e-3); // rounding
    dispose(v);
    on.dispose();
  });

  it('are symmetric on a model', async () => {
    const model = await loadModel(engine, dir);
    const batch = new DeviceBatch(tokens, model.config);
    const on = modelObjective(model, batch, model.parameters.list.filter((p) => p.layer === 1)); // prettier-ignore
    const [a, b] = [drawn(engine, on.parameters, gaussian(0)), drawn(engine, on.parameters, gaussian(1))];
    const [ha, hb] = [await hessianVector(on, a), await hessianVector(on, b)];
    const scale = Math.sqrt((await inner(engine, ha, ha)) * (await inner(engine, b, b)));
    const gap = Math.abs((await inner(engine, ha, b)) - (await inner(engine, hb, a)));
    expect(gap / scale).toBeLessThan(1e-3);
    dispose(a, b, ha, hb);
    batch.dispose();
    model.dispose();
  });
});

describe('measureCurvature', () => {
  it('finds trace, Frobenius norm and extreme eigenvalue of a quadratic', async () => {
    const live = tf.memory().numTensors;
    const on = bowl();
    const found = await measureCurvature(on, { probes: 200, steps: 20 });
    expect(isInside(found.trace, on.facts.trace)).toBe(true);
    expect(isInside(found.frobenius2, on.facts.frobenius2)).toBe(true);
    expect(found.trace.standardError).toBeLessThan(0.02 * on.facts.trace);
    expect(found.largest).toBeCloseTo(6, 2);
    expect(isInside(found.effectiveRank, on.facts.trace / 6)).toBe(true);
    expect(found.gradients).toBe(440);
    // a wrong trace is caught
    expect(isInside(found.trace, on.facts.trace * 1.1)).toBe(false);
    on.dispose();
    expect(tf.memory().numTensors).toBe(live);
  });

  it('finds both ends of an indefinite Hessian', async () => {
    const on = quadratic(engine, { diagonal: (i) => (i === 3 ? -5 : i === 4 ? 2 : 0.01 * i) });
    const found = await lanczos(on, { steps: 25 });
    expect(found.smallest).toBeCloseTo(-5, 2);
    expect(found.largest).toBeCloseTo(2, 2);
    expect(found.change).toBeLessThan(1e-3);
    on.dispose();
  });

  it('takes the eigenvalues of a tridiagonal matrix', () => {
    // 2 - 2 cos(k pi / (n + 1)), the second difference
    const n = 9;
    const found = ends(new Array<number>(n).fill(2), new Array<number>(n - 1).fill(-1));
    expect(found.largest).toBeCloseTo(2 + 2 * Math.cos(Math.PI / (n + 1)), 10);
    expect(found.smallest).toBeCloseTo(2 - 2 * Math.cos(Math.PI / (n + 1)), 10);
  });
});

describe('rounding', () => {
  it('is found on a smooth curve with noise of known size', () => {
    const noise = (i: number) => 1e-6 * Math.sqrt(12) * (((i * 7919) % 1009) / 1009 - 0.5);
    const found = Array.from({ length: 40 }, (_, j) =>
      noiseVariance(Array.from({ length: 8 }, (_, k) => 2 + 0.01 * k + 1e-4 * k * k + noise(8 * j + k))),
    );
    const size = Math.sqrt(found.reduce((s, x) => s + x / found.length, 0));
    expect(size / 1e-6).toBeGreaterThan(0.7);
    expect(size / 1e-6).toBeLessThan(1.4);
  });

  it('is that of float32 where losses are float32, and none in float64', async () => {
    const facts = { shapes: [[200]], loss: 1.5, gradient: () => 0.3 } as const;
    const single = quadratic(engine, { ...facts, precision: 'float32' });
    const double = quadratic(engine, facts);
    const ulp = 2 ** -23; // of numbers from 1 to 2
    const found = await measureRounding(single, { lines: 16 });
    expect(found.loss.mean / (ulp / Math.sqrt(12))).toBeGreaterThan(0.6);
    expect(found.loss.mean / (ulp / Math.sqrt(12))).toBeLessThan(1.5);
    expect((await measureRounding(double)).loss.mean).toBeLessThan(1e-3 * ulp);
    single.dispose();
    double.dispose();
  });
});

describe('mini-batch noise', () => {
  it('is found with its ratio, and not where batches are equal', async () => {
    // batch b has gradient g + n_b: noise of variance 0.04 in each of 50 coordinates
    const bit = (b: number, i: number) =>
      (((b * 131 + i * 37 + ((b * i) % 11) * 17) * 2654435761) >>> 13) & 1;
    const batches = Array.from({ length: 12 }, (_, b) =>
      quadratic(engine, { shapes: [[50]], gradient: (i) => 1 + 0.2 * (bit(b, i) ? 1 : -1) }),
    );
    const same = batches[0]!.parameters;
    const shared = batches.map((o): Objective => ({
      ...o,
      parameters: same,
      gradient: async () => {
        const { loss, gradients } = await o.gradient();
        return { loss, gradients: new Map([[same[0]!, [...gradients.values()][0]!]]) };
      },
    }));
    const live = tf.memory().numTensors;
    const found = await measureBatchNoise(shared);
    expect(tf.memory().numTensors).toBe(live);
    expect(isInside(found.signal, 50)).toBe(true);
    expect(isInside(found.noise, 2)).toBe(true);
    expect(isInside(found.ratio, 0.04)).toBe(true);
    expect(found.noise.mean).toBeGreaterThan(4 * found.noise.standardError);
    const none = await measureBatchNoise([shared[0]!, shared[0]!, shared[0]!]);
    expect(Math.abs(none.noise.mean)).toBeLessThan(1e-9);
    await expect(measureBatchNoise(shared.slice(0, 2))).rejects.toThrow(/at least 3/);
    batches.forEach((b) => b.dispose());
  });

  it('multiplies with the dimension as the signal does: Monte Carlo', async () => {
    const d = 20;
    const nu = 0.5;
    let sum = 0;
    const n = 6000;
    const [u, z] = [new Float32Array(d), new Float32Array(d)];
    const { fillNoise } = await import('../../src/noise/index.ts');
    const squares: number[] = [];
    for (let i = 0; i < n; i++) {
      fillNoise(u, { seed: 1, step: i, query: 0, tensor: 1 }, 'gaussian');
      fillNoise(z, { seed: 1, step: i, query: 1, tensor: 1 }, 'gaussian');
      const g = z.map((x) => 1 + Math.sqrt(nu) * x); // |g|^2 = d, tr(Sigma) = nu d
      const c = g.reduce((s, x, k) => s + x * u[k]!, 0);
      const off = u.reduce((s, x) => s + (c * x - 1) ** 2, 0) / d;
      squares.push(off);
      sum += off / n;
    }
    const error = Math.sqrt(squares.reduce((s, x) => s + (x - sum) ** 2, 0) / n / n);
    expect(Math.abs(sum - batchVarianceLaw(d + 2, nu))).toBeLessThan(4 * error);
    expect(Math.abs(sum - batchVarianceLaw(d + 2, 0))).toBeGreaterThan(4 * error);
  });
});

describe('splitError', () => {
  it('adds up to the variance that was measured', async () => {
    const on = bowl();
    const report = await measureVariance(on, { epsilon: 0.3, draws: 3000, queries: [1, 4], seed: 8 });
    const curvature = await measureCurvature(on, { probes: 100 });
    for (const q of [1, 4]) {
      const split = splitError(report, { curvature }, q)!;
      const error = Math.hypot(split.measured.standardError, split.predicted.standardError);
      expect(Math.abs(split.measured.mean - split.predicted.mean)).toBeLessThan(4 * error);
      const without = splitError(report, {}, q)!;
      expect(split.measured.mean - without.predicted.mean).toBeGreaterThan(4 * error);
    }
    expect(splitError(report, {}, 3)).toBeUndefined();
    on.dispose();
  });
});

describe('sharpness and probes', () => {
  it('finds the rise of a quadratic along relative displacements', async () => {
    const live = tf.memory().numTensors;
    const on = networkObjective(engine);
    const H = exactHessian(start);
    const trace = H.reduce((s, row, i) => s + row[i]!, 0);
    const { rise, ascent, loss } = await measureSharpness(on, { radius: 0.01, directions: 200 });
    // each tensor moves by 1% of its norm in a random direction: 1/2 sum_k (0.01 |w_k|)^2 tr H_kk / d_k
    const block = (from: number, to: number) => {
      const norm = start.slice(from, to).reduce((s, x) => s + x * x, 0);
      const own = H.slice(from, to).reduce((s, row, i) => s + row[from + i]!, 0);
      return (norm * own) / (to - from);
    };
    expect(isInside(rise, (1e-4 / 2) * (block(0, 15) + block(15, 20)))).toBe(true);
    expect(isInside(rise, (1e-4 / 2) * trace)).toBe(false);
    expect(ascent).toBeGreaterThan(rise.mean);
    expect(loss).toBeGreaterThan(0);
    on.dispose();
    expect(tf.memory().numTensors).toBe(live);
  });

  it('measure on a model, for the price they name, and leave nothing behind', async () => {
    let losses = 0; // a forward pass or a gradient takes one
    const ops = { ...engine.ops };
    ops.headLoss = (...args) => {
      losses++;
      return engine.ops.headLoss(...args);
    };
    const model = await loadModel(Object.assign(Object.create(engine) as Engine, { ops }), dir);
    const batch = new DeviceBatch(tokens, model.config);
    const live = tf.memory().numTensors;
    const layer = (l: number) => model.parameters.list.filter((p) => p.layer === l);
    const settings = { epsilon: 1e-3, alpha: 0.1 };
    const context = { model, batch, fo: layer(1), zo: layer(0), settings, seed: 5 };
    for (const [name, probe] of Object.entries(probes)) {
      losses = 0;
      const found = await probe.measure(context);
      const price = probe.price(context);
      expect(losses, name).toBe(price.forwards + price.gradients);
      for (const [key, value] of Object.entries(found)) expect(value.mean, `${name} ${key}`).not.toBeNaN();
      expect(tf.memory().numTensors, name).toBe(live);
    }
    const { share } = await probes.perturbedStream.measure(context);
    const double = await probes.perturbedStream.measure({
      ...context,
      settings: { epsilon: 1e-3, alpha: 0.2 },
    });
    expect(double.share!.mean / share!.mean).toBeCloseTo(2, 6);
    batch.dispose();
    model.dispose();
  });
});
