import { describe, expect, it } from 'vitest';
import type { DirectionLaw } from '../../src/estimate/index.ts';
import { fillNoise } from '../../src/noise/index.ts';
import { deviation, estimate } from '../../src/variance/statistics.ts';
import { errorUnderLaw, scatterLaw, type Scattering } from '../../src/variance/scatter.ts';

/** |g^|^2, |g^ - g|^2, cosine, its square and |g^| of `n` estimates of a spread-out g of length 1, drawn in plain numbers. */
function estimates(n: number, d: number, q: number, law: DirectionLaw) {
  const g = Array.from({ length: d }, (_, i) => (1 + (i % 3) / 4) * (i % 2 ? -1 : 1));
  const norm = Math.hypot(...g);
  const noise = new Float32Array(n * q * d);
  const key = { seed: 11, step: d, query: q, tensor: 1 };
  fillNoise(noise, key, law === 'rademacher' ? 'rademacher' : 'gaussian');
  const found: Record<Scattering, number[]> = {
    'second moment': [],
    variance: [],
    'mean cosine': [],
    'rms cosine': [],
    'norm ratio': [],
  };
  for (let k = 0; k < n; k++) {
    const sum = new Float64Array(d);
    for (let j = 0; j < q; j++) {
      let u = Array.from(noise.subarray((k * q + j) * d, (k * q + j + 1) * d));
      if (law === 'sphere') u = u.map((x) => (x * Math.sqrt(d)) / Math.hypot(...u));
      const c = u.reduce((s, x, i) => s + (x * g[i]!) / norm, 0);
      u.forEach((x, i) => (sum[i]! += (c * x) / q));
    }
    const square = sum.reduce((s, x) => s + x * x, 0);
    const inner = sum.reduce((s, x, i) => s + (x * g[i]!) / norm, 0);
    found['second moment'].push(square);
    found.variance.push(square - 2 * inner + 1);
    found['mean cosine'].push(square > 0 ? inner / Math.sqrt(square) : 0);
    found['rms cosine'].push(square > 0 ? inner ** 2 / square : 0);
    found['norm ratio'].push(Math.sqrt(square));
  }
  return found;
}

/** Standard deviation of samples; of the root of their mean, by the delta method, for the cosine's square. */
function scatterOf(samples: number[], quantity: Scattering): number {
  const { mean, standardError } = estimate(samples);
  const scatter = standardError * Math.sqrt(samples.length);
  return quantity === 'rms cosine' ? scatter / (2 * Math.sqrt(mean)) : scatter;
}

describe('scatter of one estimate under the law', () => {
  const exact: Scattering[] = ['second moment', 'variance'];
  it.each([
    ['gaussian', 20, 1, [...exact, 'mean cosine', 'rms cosine', 'norm ratio']],
    ['gaussian', 30, 4, [...exact, 'mean cosine', 'rms cosine', 'norm ratio']],
    ['sphere', 20, 1, [...exact, 'mean cosine', 'rms cosine', 'norm ratio']],
    ['sphere', 12, 3, exact],
    ['rademacher', 60, 1, exact],
    ['rademacher', 60, 3, exact],
  ] as const)('%s, d = %i, q = %i: what 20,000 estimates show', (law, d, q, quantities) => {
    const found = estimates(20_000, d, q, law);
    for (const quantity of quantities) {
      const ratio = scatterOf(found[quantity], quantity) / scatterLaw(quantity, d, q, law);
      expect(Math.abs(ratio - 1), `${quantity}: ${ratio}`).toBeLessThan(0.06);
    }
  });

  it('tells other laws apart: q forgotten, a Gaussian for the sphere in few dimensions', () => {
    const found = estimates(20_000, 12, 3, 'sphere');
    const scatter = scatterOf(found['second moment'], 'second moment');
    expect(scatter / scatterLaw('second moment', 12, 1, 'sphere')).toBeLessThan(0.8);
    expect(scatter / scatterLaw('second moment', 12, 3, 'gaussian')).toBeLessThan(0.8);
  });

  it('is NaN where the law does not say: low rank, much curvature, one value', () => {
    const mean = { d: 100, q: 1, law: 'gaussian', K: 0, samples: 64 } as const;
    expect(errorUnderLaw('second moment', mean)).toBeCloseTo(102 * Math.sqrt(2 / 64), -1);
    expect(errorUnderLaw('second moment', { ...mean, law: 'low-rank' })).toBeNaN();
    expect(errorUnderLaw('second moment', { ...mean, K: 0.2 })).toBeNaN();
    expect(errorUnderLaw('mean cosine', { ...mean, d: 1 })).toBeNaN();
  });

  it('does not take a low sample for a precise one', () => {
    const [d, q, samples] = [1000, 1, 16];
    const squares = new Float32Array(1000 * samples);
    fillNoise(squares, { seed: 5, step: 0, query: 0, tensor: 0 }, 'gaussian');
    const lawError = errorUnderLaw('second moment', { d, q, law: 'gaussian', K: 0, samples });
    const lowest = { sample: 0, law: 0 };
    for (let k = 0; k < 1000; k++) {
      const one = squares.subarray(k * samples, (k + 1) * samples);
      const found = estimate(Array.from(one, (a) => (d + 2) * a * a));
      lowest.sample = Math.min(lowest.sample, deviation(found, d + 2));
      lowest.law = Math.min(lowest.law, deviation(found, d + 2, lawError));
    }
    expect(lowest.sample).toBeLessThan(-5);
    expect(lowest.law).toBeGreaterThan(-3);
  });
});
