import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine, tf, type Engine } from '../../src/engine/index.ts';
import {
  combine,
  directionLaws,
  directionPart,
  drawDirection,
  estimatorSettings,
  KeptParts,
  moved,
  projectedGradient,
  type Direction,
} from '../../src/estimate/index.ts';
import type { Parameter } from '../../src/model/index.ts';
import { noLeaks } from '../no-leaks.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine('wasm');
  await engine.activate();
});

const parameter = (index: number, shape: number[]): Parameter => ({
  name: `layers.${index}.w`,
  shape,
  size: shape.reduce((n, s) => n * s, 1),
  role: 'q',
  layer: index,
  tied: false,
  index,
});
const [matrix, vector, other] = [parameter(0, [6, 4]), parameter(1, [5]), parameter(2, [3, 3])] as const;
const all = [matrix, vector, other];
const key = (law: Direction['law'], step = 0): Direction => ({ seed: 3, step, query: 1, law });

async function values(u: Direction, p: Parameter): Promise<Float32Array> {
  const part = directionPart(engine, u, p);
  const data = (await part.data()).slice() as Float32Array;
  part.dispose();
  return data;
}

describe('directions', () => {
  it.each(directionLaws)('%s: mean 0 and E[u u^T] = I, entry by entry', async (law) => {
    const n = 4000;
    const sums = new Float64Array(24 * 24);
    const means = new Float64Array(24);
    for (let step = 0; step < n; step++) {
      const u = await values(await drawDirection(engine, all, key(law, step)), matrix);
      u.forEach((a, i) => {
        means[i]! += a / n;
        u.forEach((b, j) => (sums[i * 24 + j]! += (a * b) / n));
      });
    }
    // 5 standard errors; the fourth moment of a rank-2 entry is 6
    const error = 5 * Math.sqrt((law === 'low-rank' ? 5 : 2) / n);
    for (const m of means) expect(Math.abs(m)).toBeLessThan(error);
    sums.forEach((s, k) => {
      expect(Math.abs(s - Number(Math.floor(k / 24) === k % 24))).toBeLessThan(error);
    });
  });

  it('on the sphere have length sqrt(d) over all moved tensors together', async () => {
    const u = await drawDirection(engine, all, key('sphere'));
    const parts = await Promise.all(all.map((p) => values(u, p)));
    const square = parts.reduce((s, part) => s + part.reduce((t, x) => t + x * x, 0), 0);
    expect(square).toBeCloseTo(24 + 5 + 9, 4);
    expect(() => directionPart(engine, key('sphere'), matrix)).toThrow(/drawDirection/);
  });

  it('of low rank have it in matrices, and are Gaussian elsewhere', async () => {
    const u = await values({ ...key('low-rank'), rank: 1 }, matrix);
    const minor = (i: number, j: number) => u[0]! * u[4 * i + j]! - u[j]! * u[4 * i]!;
    expect(Math.abs(minor(3, 2))).toBeLessThan(1e-6);
    expect(Math.abs(minor(5, 1))).toBeLessThan(1e-6);
    expect(await values(key('low-rank'), vector)).toEqual(await values(key('gaussian'), vector));
    const two = await values({ ...key('low-rank'), rank: 2 }, matrix);
    expect(Math.abs(two[0]! * two[14]! - two[2]! * two[12]!)).toBeGreaterThan(1e-3);
  });

  it.each(directionLaws)('%s: the same whenever and with whatever they are drawn', async (law) => {
    const live = tf.memory().numTensors;
    const u = await drawDirection(engine, all, key(law));
    const first = await values(u, matrix);
    expect(await values(await drawDirection(engine, all, key(law)), matrix)).toEqual(first);
    expect(await values(await drawDirection(engine, all, key(law, 1)), matrix)).not.toEqual(first);
    if (law !== 'sphere')
      expect(await values(await drawDirection(engine, [matrix], key(law)), matrix)).toEqual(first);
    const w = tf.ones([6, 4]);
    const there = moved(engine, w, matrix, u, 0.5);
    const sum = combine(engine, w, matrix, [{ u, coefficient: 0.25 }, { u, coefficient: 0.25 }]); // prettier-ignore
    const [a, b] = [await there.data(), await sum.data()];
    first.forEach((x, i) => {
      expect(a[i]).toBeCloseTo(1 + 0.5 * x, 6);
      expect(b[i]).toBeCloseTo(1 + 0.5 * x, 6);
    });
    tf.dispose([w, there, sum]);
    expect(tf.memory().numTensors).toBe(live);
  });
});

describe('estimators', () => {
  it('read the derivative off losses', () => {
    const at = (estimator: 'one-sided' | 'two-sided' | 'one-point') =>
      projectedGradient(estimatorSettings({ estimator, epsilon: 0.5 }), { plus: 3, minus: 2 });
    expect([at('one-sided'), at('two-sided'), at('one-point')]).toEqual([2, 1, 6]);
  });

  it('refuse what is not one', () => {
    expect(() => estimatorSettings({ law: 'cauchy' as never })).toThrow(/'sphere', 'low-rank'/);
    expect(() => estimatorSettings({ estimator: 'three-sided' as never })).toThrow(/'one-point'/);
    expect(() => estimatorSettings({ rank: 0 })).toThrow(/rank is 0/);
  });
});

describe('parts that a step keeps', () => {
  it.each(directionLaws)('%s: move a tensor to the same bits, drawn once', async (law) => {
    await noLeaks(async () => {
      const u = await drawDirection(engine, all, key(law));
      const w = tf.ones([6, 4]);
      let draws = 0;
      const noise: Engine['ops']['noise'] = (...args) => (draws++, engine.ops.noise(...args));
      const ops = Object.assign(Object.create(engine.ops) as Engine['ops'], { noise });
      const counting = Object.assign(Object.create(engine) as Engine, { ops });
      const kept = new KeptParts(counting);
      for (const scale of [1e-3, -1e-3, 0.3]) {
        const [a, b] = [moved(engine, w, matrix, u, scale), moved(counting, w, matrix, u, scale, kept)];
        expect(await b.data()).toEqual(await a.data());
        tf.dispose([a, b]);
      }
      expect(draws).toBe(law === 'low-rank' ? 2 : 1); // two factors
      kept.dispose();
      w.dispose();
    });
  });

  it('tell the queries of a step apart, and are drawn anew when there is no room', async () => {
    await noLeaks(() => {
      const kept = new KeptParts(engine, 4 * 24 + 4 * 5);
      const first = kept.of(key('gaussian'), matrix)!;
      expect(kept.of(key('gaussian'), matrix)).toBe(first);
      expect(kept.of({ ...key('gaussian'), query: 2 }, matrix)).toBeUndefined();
      expect(kept.of(key('gaussian'), other)).toBeUndefined();
      const second = kept.of({ ...key('gaussian'), query: 2 }, vector)!;
      expect(second.shape).toEqual([5]);
      kept.dispose();
      expect([first, second].map((t) => t.isDisposed)).toEqual([true, true]);
    });
  });
});
