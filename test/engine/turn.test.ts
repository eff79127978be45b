import type { Tensor2D } from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { type Engine, inTurn, openEngine, tf } from '../../src/engine/index.ts';
import { tensorOf } from './engines.ts';

it('work of an engine that awaits in its midst goes on with its own rounding, whatever else was asked for', async () => {
  const fma = await openEngine('wasm', { threads: 2 });
  const plain = await openEngine('wasm', { threads: 2, relaxed: false });
  const x = tensorOf([200, 200], 0) as Tensor2D;
  const product = () => tf.tidy(() => tf.matMul(x, x).dataSync().slice());
  const order: string[] = [];
  const work = (engine: Engine, name: string) =>
    inTurn(engine, async () => {
      order.push(name);
      const before = product();
      await new Promise(setImmediate);
      order.push(name);
      return [before, product()];
    });
  const alone = { fma: await work(fma, ''), plain: await work(plain, '') };
  expect(alone.fma).not.toEqual(alone.plain); // else what follows shows nothing
  const found = await Promise.all([work(fma, 'a'), work(plain, 'b'), work(fma, 'c')]);
  x.dispose();
  expect(found).toEqual([alone.fma, alone.plain, alone.fma]);
  expect(order.join('')).toBe('acacbb'); // work of one engine overlaps
});
