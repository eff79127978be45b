import { describe, expect, it } from 'vitest';
import { fillNoise } from '../../src/noise/index.ts';
import { goldens, words } from './goldens.ts';

function normals(
  n: number,
  key: { seed: number; step: number; query?: number; tensor?: number },
): Float32Array {
  const out = new Float32Array(n);
  fillNoise(out, { query: 0, tensor: 0, ...key }, 'gaussian');
  return out;
}

function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i]!)));
}

const fromStart = goldens.rows.filter((row) => BigInt(row.counter_hex[0]) === 0n);

describe('normals', () => {
  it.each(fromStart)('are those of TensorFlow under $key_hex, $counter_hex', (row) => {
    const [seed, step] = words(row.key_hex);
    const [query, tensor] = words(row.counter_hex[1]);
    expect(worst(normals(row.n, { seed, step, query, tensor }), row.normal)).toBeLessThan(2e-6);
  });

  it('are those of TensorFlow far into a long draw', () => {
    const big = goldens.big.find(({ key_hex }) => key_hex === '0x2a')!;
    const drawn = normals(big.n, { seed: 42, step: 0 });
    expect(worst(drawn.subarray(0, 8), big.normal_first8)).toBeLessThan(2e-6);
    expect(worst(drawn.subarray(-8), big.normal_last8)).toBeLessThan(2e-6);
    expect(drawn.reduce((sum, z) => sum + z, 0)).toBeCloseTo(big.sum, 1);
  });

  it('keep to the floor of the uniform: no magnitude above 5.678', () => {
    const { key, counter, lane, normal } = goldens.floor;
    const drawn = normals(4 * counter[0] + 4, { seed: key, step: 0 }).slice(-4);
    expect(worst(drawn, normal)).toBeLessThan(2e-6);
    expect(Math.abs(drawn[lane]!)).toBeLessThan(5.678);
  });

  it('have the moments of N(0, 1), and no correlation with another tensor or query', () => {
    const n = 200_000;
    const mean = (f: (i: number) => number) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += f(i);
      return sum / n;
    };
    const z = normals(n, { seed: 5, step: 1, query: 0, tensor: 7 });
    const others = [
      normals(n, { seed: 5, step: 1, query: 0, tensor: 8 }),
      normals(n, { seed: 5, step: 1, query: 1, tensor: 7 }),
      normals(n, { seed: 5, step: 2, query: 0, tensor: 7 }),
    ];
    const five = 5 / Math.sqrt(n);
    expect(Math.abs(mean((i) => z[i]!))).toBeLessThan(five);
    expect(Math.abs(mean((i) => z[i]! ** 2) - 1)).toBeLessThan(five * Math.sqrt(2));
    expect(Math.abs(mean((i) => z[i]! ** 3))).toBeLessThan(five * Math.sqrt(15));
    expect(Math.abs(mean((i) => z[i]! ** 4) - 3)).toBeLessThan(five * Math.sqrt(96));
    for (const other of others) expect(Math.abs(mean((i) => z[i]! * other[i]!))).toBeLessThan(five);
  });
});

describe('Rademacher directions', () => {
  it('are +1 and -1, balanced, from the top bit', () => {
    const out = new Float32Array(37);
    const row = goldens.rows.find(({ key_hex }) => key_hex === '0x0')!;
    fillNoise(out, { seed: 0, step: 0, query: 0, tensor: 0 }, 'rademacher');
    expect([...out]).toEqual(row.uint32.map((word) => (word >= 2 ** 31 ? -1 : 1)));
    const many = new Float32Array(100_000);
    fillNoise(many, { seed: 3, step: 0, query: 0, tensor: 0 }, 'rademacher');
    expect(new Set(many)).toEqual(new Set([1, -1]));
    expect(Math.abs(many.reduce((sum, u) => sum + u, 0))).toBeLessThan(5 * Math.sqrt(100_000));
  });
});
