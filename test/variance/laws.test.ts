import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine, tf, type Engine } from '../../src/engine/index.ts';
import type { DirectionLaw, EstimatorName } from '../../src/estimate/index.ts';
import { isInside } from '../../src/variance/checks.ts';
import { gammaHalfStep } from '../../src/variance/laws.ts';
import {
  cosineLaw,
  curvatureLaw,
  lawChecks,
  meanCosineLaw,
  meanExcess,
  measureVariance,
  normRatioLaw,
  quadratic,
  quadraticSecondMoment,
  secondMomentLaw,
  tensorLaw,
  varianceLaw,
} from '../../src/variance/index.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine('wasm');
  await engine.activate();
});

const laws: DirectionLaw[] = ['gaussian', 'rademacher', 'sphere'];
const estimators: EstimatorName[] = ['one-sided', 'two-sided', 'one-point'];
const dimensions = [[12, 8], [40, 20], [100, 60]]; // prettier-ignore

/** A quadratic with a gradient and a Hessian that no law is blind to: off the diagonal, and unequal. */
function bowl(sizes: readonly number[], shapes?: readonly (readonly number[])[]) {
  return quadratic(engine, {
    shapes: shapes ?? sizes.map((n) => [n]),
    diagonal: (i) => 0.2 + ((i * 7) % 5) / 4,
    vector: (i) => 0.3 * Math.cos(i),
    gradient: (i) => 1 + 0.6 * Math.sin(3 * i),
    loss: 0.7,
  });
}

describe('on a quadratic with known H', () => {
  const cases = dimensions.flatMap((sizes) =>
    estimators.flatMap((estimator) => laws.map((law) => [sizes, estimator, law] as const)),
  );
  it.each(cases)('every quantity agrees with its law: d = %s, %s, %s', async (sizes, estimator, law) => {
    const before = tf.memory().numTensors;
    const bowled = bowl(sizes);
    const { facts } = bowled;
    const epsilon = 0.05;
    const found = await measureVariance(bowled, { law, estimator, epsilon, draws: 2000, queries: [1, 4], seed: 3 }); // prettier-ignore
    expect(found.dimension).toBe(facts.d);

    for (const row of found.rows) {
      const exact = quadraticSecondMoment(facts, estimator, law, epsilon, row.q);
      expect(isInside(row.secondMoment, exact), `second moment, q ${row.q}`).toBe(true);
      expect(isInside(row.variance, exact - 1), `variance, q ${row.q}`).toBe(true);
      // the error bar is small enough to tell laws apart
      expect(row.secondMoment.standardError).toBeLessThan(0.1 * exact);
    }
    expect(isInside(found.bias, 0), 'bias').toBe(true);
    if (estimator === 'one-sided')
      expect(isInside(found.curvature, curvatureLaw(facts, law, epsilon))).toBe(true);
    if (estimator === 'two-sided') expect(found.curvature.mean).toBeLessThan(1e-10);
    if (estimator !== 'one-point') {
      const checks = lawChecks(found);
      expect(new Set(checks.map((c) => c.quantity)).size).toBeGreaterThanOrEqual(3);
      // 1/d corrections to leading-order laws are below an error bar from d = 60 on
      const strict = checks.filter(
        (c) => facts.d >= 60 || law === 'gaussian' || c.quantity === 'second moment',
      );
      expect(strict.filter((c) => !c.inside)).toEqual([]);
      for (const g of found.groups) expect(isInside(g.secondMoment, g.law), `${g.kind} ${g.name}`).toBe(true);
    }
    bowled.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('a wrong law is caught', async () => {
    const bowled = bowl([40, 20]);
    const options = { estimator: 'two-sided', draws: 2000, queries: [1, 4], seed: 3 } as const;
    const gaussian = await measureVariance(bowled, { ...options, law: 'gaussian' });
    const [one, four] = gaussian.rows;
    // q forgotten, d / q in place of the second moment at q = 4, the cosine of another dimension, the curvature of two sides
    expect(isInside(four!.secondMoment, secondMomentLaw(60, 1, 'gaussian'))).toBe(false);
    expect(isInside(four!.cosine, meanCosineLaw(60, 1))).toBe(false);
    expect(isInside(one!.cosine, meanCosineLaw(50, 1))).toBe(false);
    expect(isInside(one!.signAgreement, 0.5)).toBe(false);
    expect(isInside(one!.normRatio, normRatioLaw(45, 1))).toBe(false);
    const oneSided = await measureVariance(bowled, { ...options, estimator: 'one-sided', epsilon: 0.5 });
    expect(isInside(oneSided.rows[0]!.secondMoment, secondMomentLaw(60, 1, 'gaussian'))).toBe(false);
    expect(isInside(oneSided.curvature, 0)).toBe(false);
    bowled.dispose();
  });

  it('a law of curvature that forgets |H|_F, or takes signs for Gaussian, is caught', async () => {
    const measure = (on: Parameters<typeof measureVariance>[0]) =>
      measureVariance(on, { law: 'rademacher', epsilon: 0.5, draws: 2000, queries: [1], seed: 3 });
    const flat = quadratic(engine, { shapes: [[10]], diagonal: (i) => 0.3 + i / 9, vector: () => 0.3 });
    const { curvature } = await measure(flat);
    expect(isInside(curvature, curvatureLaw(flat.facts, 'rademacher', 0.5))).toBe(true);
    expect(isInside(curvature, curvatureLaw(flat.facts, 'gaussian', 0.5))).toBe(false);
    const ridge = quadratic(engine, { diagonal: () => 0.3, vector: () => 0.9 });
    const found = (await measure(ridge)).curvature;
    expect(isInside(found, curvatureLaw(ridge.facts, 'rademacher', 0.5))).toBe(true);
    const blind = { ...ridge.facts, frobenius2: 0, diagonal2: 0 };
    expect(isInside(found, curvatureLaw(blind, 'rademacher', 0.5))).toBe(false);
    flat.dispose();
    ridge.dispose();
  });

  it('low-rank directions have the second moment that the shapes give', async () => {
    const shapes = [[6, 5], [8], [4, 3]];
    const bowled = bowl([], shapes);
    for (const rank of [1, 3]) {
      const found = await measureVariance(bowled, { law: 'low-rank', rank, estimator: 'two-sided', draws: 4000, queries: [1, 2], seed: 5 }); // prettier-ignore
      for (const row of found.rows) {
        expect(Math.abs(row.deviation)).toBeLessThan(4);
      }
      if (rank === 1)
        expect(isInside(found.rows[0]!.secondMoment, secondMomentLaw(50, 1, 'gaussian'))).toBe(false);
      for (const g of found.groups) expect(isInside(g.secondMoment, g.law), g.name).toBe(true);
      expect(isInside(found.bias, 0)).toBe(true);
    }
    bowled.dispose();
  });

  it('the mean of many estimates is the gradient, whatever the law', async () => {
    for (const law of ['gaussian', 'rademacher', 'sphere', 'low-rank'] as const) {
      const bowled = bowl([], [[4, 5]]);
      // q = 500: E|g^ - g|^2 is small, so a direction that is not isotropic would show
      const found = await measureVariance(bowled, { law, estimator: 'two-sided', draws: 4000, queries: [500], seed: 1 }); // prettier-ignore
      expect(found.rows[0]!.cosine.mean).toBeGreaterThan(0.9);
      expect(Math.abs(found.rows[0]!.variance.mean / found.rows[0]!.varianceLaw - 1)).toBeLessThan(0.5);
      bowled.dispose();
    }
  });
});

describe('laws', () => {
  it('sum over tensors to the law of the whole', () => {
    const sizes = [5, 11, 30];
    const shares = [0.2, 0.5, 0.3];
    for (const law of laws) {
      for (const q of [1, 4]) {
        const sum = sizes.reduce((s, dk, i) => s + tensorLaw(dk, shares[i]!, q, law, { d: 46 }), 0);
        expect(sum).toBeCloseTo(secondMomentLaw(46, q, law), 12);
      }
    }
    const shapes = [[5, 1], [11, 1], [5, 6]]; // prettier-ignore
    const x = meanExcess('low-rank', shapes.map((shape, i) => ({ shape, share: shares[i]! })), 3); // prettier-ignore
    const parts = sizes.map((dk, i) => {
      const own = meanExcess('low-rank', [{ shape: shapes[i]!, share: 1 }], 3);
      return tensorLaw(dk, shares[i]!, 2, 'low-rank', { d: 46, x: own });
    });
    expect(parts.reduce((s, p) => s + p, 0)).toBeCloseTo(secondMomentLaw(46, 2, 'low-rank', 0, x), 12);
  });

  it('have the values of the note that they were checked in', () => {
    expect(secondMomentLaw(60, 1, 'gaussian')).toBe(62);
    expect(secondMomentLaw(60, 4, 'gaussian')).toBe(16.25);
    expect(secondMomentLaw(60, 4, 'sphere')).toBe(15.75);
    expect(varianceLaw(60, 1, 'gaussian')).toBe(61);
    expect(varianceLaw(60, 1, 'rademacher')).toBe(59);
    expect(cosineLaw(60, 1, 'gaussian')).toBeCloseTo(1 / Math.sqrt(60), 12);
    expect(meanCosineLaw(1e6, 1)).toBeCloseTo(Math.sqrt(2 / (Math.PI * 1e6)), 9);
  });

  it('take Gamma(x + 1/2) / Gamma(x) right', () => {
    for (let n = 1, value = Math.sqrt(Math.PI) / 2; n <= 60; value *= (n + 0.5) / n, n++)
      expect(gammaHalfStep(n) / value).toBeCloseTo(1, 7);
    expect(gammaHalfStep(0.5)).toBeCloseTo(1 / Math.sqrt(Math.PI), 7);
    expect(gammaHalfStep(1e9)).toBeCloseTo(Math.sqrt(1e9), 4);
  });
});
