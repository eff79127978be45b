import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Engine, tf } from '../../src/engine/index.ts';
import { hostNoise } from '../../src/engine/wasm/host-noise.ts';
import { fillNoise } from '../../src/noise/index.ts';
import { noLeaks } from '../no-leaks.ts';
import { engines, read, values } from './engines.ts';

const word = fc.integer({ min: 0, max: 0xffffffff });
const keys = fc.record({ seed: word, step: word, query: word, tensor: word });
const laws = fc.constantFrom('gaussian' as const, 'rademacher' as const);

/** Largest difference, absolute. */
function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = a.length === b.length ? 0 : Infinity;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
}

describe.each(Object.keys(engines))('%s', (name) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await engines[name]!();
    await engine.activate();
  });

  it('draws the stream of src/noise for any key and length', async () => {
    await noLeaks(() =>
      fc.assert(
        fc.asyncProperty(keys, laws, fc.integer({ min: 1, max: 37 }), async (key, law, n) => {
          const expected = new Float32Array(n);
          fillNoise(expected, key, law);
          const [drawn] = await read(() => [engine.ops.noise([n], key, law)]);
          expect(worst(drawn!, expected)).toBeLessThan(law === 'gaussian' ? 2e-6 : 1e-30);
        }),
        { numRuns: 200 },
      ),
    );
  });

  it('draws a long tensor, of which a short one is the beginning', async () => {
    const key = { seed: 0xffffffff, step: 3, query: 1, tensor: 0x80000000 };
    const expected = new Float32Array(100_003);
    fillNoise(expected, key, 'gaussian');
    const [long, short] = await noLeaks(() =>
      read(() => [engine.ops.noise([100_003], key, 'gaussian'), engine.ops.noise([5, 3], key, 'gaussian')]),
    );
    expect(worst(long!, expected)).toBeLessThan(2e-6);
    expect(short).toEqual(long!.slice(0, 15));
  });

  it('perturb is addScaled of noise, bit for bit', async () => {
    const key = { seed: 1, step: 2, query: 3, tensor: 4 };
    for (const law of ['gaussian', 'rademacher'] as const) {
      const [fused, apart] = await noLeaks(() =>
        read(() => {
          const w = tf.tensor2d(values(7 * 11, 0), [7, 11]);
          const fused = engine.ops.perturb(w, 1e-3, key, law);
          expect(fused.shape).toEqual([7, 11]);
          return [fused, engine.ops.addScaled(w, engine.ops.noise([7, 11], key, law) as typeof w, 1e-3)];
        }),
      );
      if (name === 'webgpu')
        expect(worst(fused!, apart!)).toBeLessThan(1e-6); // a card may fuse the two roundings
      else expect(fused).toEqual(apart);
    }
  });
});

describe('the kernels on a memory of their own', () => {
  it('draw the same stream across chunks', () => {
    const key = { seed: 9, step: 8, query: 7, tensor: 6 };
    const fill = hostNoise();
    for (const law of ['gaussian', 'rademacher'] as const) {
      const [drawn, expected] = [new Float32Array(2 * 65_536 + 5), new Float32Array(2 * 65_536 + 5)];
      fill(drawn, key, law);
      fillNoise(expected, key, law);
      expect(worst(drawn, expected)).toBeLessThan(2e-6);
    }
  });
});
