import type { Tensor } from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { openEngine, tf } from '../../src/engine/index.ts';
import { noLeaks } from '../no-leaks.ts';
import { distance, values } from './engines.ts';

/** [batch, m, n, k]: tails of the 4 x 8 tile, of the blocks (64 rows, 512 columns, 256 deep), and of nothing. */
const sizes = [
  [1, 1, 1, 1],
  [3, 7, 9, 5],
  [2, 64, 16, 32],
  [1, 70, 40, 300],
  [1, 5, 530, 19],
  [4, 1, 8, 513],
] as const;
const flags = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

describe.each([true, false])('products on the wasm heap, FMA allowed: %s', (relaxed) => {
  it.each(sizes)('%d x [%d x %d], depth %d, all transposes', async (batch, m, n, k) => {
    const engine = await openEngine('wasm', { relaxed });
    await engine.activate();
    for (const [ta, tb] of flags) {
      const [a, b] = [values(batch * m * k, 1), values(batch * n * k, 2)];
      const expected = Float64Array.from({ length: batch * m * n }, (_, index) => {
        const [q, i, j] = [Math.floor(index / (m * n)), Math.floor(index / n) % m, index % n];
        let sum = 0;
        for (let l = 0; l < k; l++)
          sum += a[q * m * k + (ta ? l * m + i : i * k + l)]! * b[q * n * k + (tb ? j * k + l : l * n + j)]!;
        return sum;
      });
      const product = await noLeaks(() =>
        tf.tidy(() =>
          tf
            .matMul<Tensor>(
              tf.tensor(a, ta ? [batch, k, m] : [batch, m, k]),
              tf.tensor(b, tb ? [batch, n, k] : [batch, k, n]),
              ta,
              tb,
            )
            .dataSync(),
        ),
      );
      expect(distance(product, expected)).toBeLessThan(2e-6);
    }
  });
});

it('refuses matrices that do not fit, instead of reading beyond them', async () => {
  await (await openEngine('wasm')).activate();
  const [a, b] = [tf.ones([6, 2]), tf.ones([3, 4])];
  await noLeaks(() => {
    expect(() => tf.matMul(a, b)).toThrow(/\[6, 2\] and \[3, 4\].*inner sizes 2 and 3/);
    expect(() => tf.matMul(a, b, true, false)).toThrow(/inner sizes 6 and 3/);
    expect(() => tf.matMul(a, b, false, true)).toThrow(/inner sizes 2 and 4/);
  });
  tf.dispose([a, b]);
});
