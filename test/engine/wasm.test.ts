import type { Tensor2D } from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { EngineError } from '../../src/errors.ts';
import { type Engine, openEngine, tf } from '../../src/engine/index.ts';
import { headLoss } from '../../src/engine/wasm/ops/head-loss.ts';
import { startWasm } from '../../src/engine/wasm/start.ts';
import { Workspace } from '../../src/engine/wasm/workspace.ts';
import { noLeaks } from '../no-leaks.ts';
import { distance, tensorOf } from './engines.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine('wasm');
  await engine.activate();
});

describe('the mended wasm backend', () => {
  it('leaves errors that nobody caught to Node', async () => {
    await startWasm();
    for (const event of ['uncaughtException', 'unhandledRejection'] as const)
      expect(
        process
          .listeners(event as 'exit')
          .map(String)
          .join(),
      ).not.toMatch(/throw (ex|reason)/);
  });

  it('shares the data of a clone, which outlives its original', async () => {
    const space = new Workspace(await startWasm(), { relaxed: true, threads: 2 });
    const x = tf.tensor1d([1, 2, 3]);
    const copy = x.clone();
    expect(space.at(copy)).toBe(space.at(x));
    x.dispose();
    expect([...copy.dataSync()]).toEqual([1, 2, 3]);
    copy.dispose();
  });

  it('has the gradient of gather', async () => {
    const gradient = await noLeaks(() =>
      tf.tidy(() => {
        const ids = tf.tensor1d([2, 0, 2], 'int32');
        const w = tensorOf([4, 3], 0) as Tensor2D;
        return tf
          .grad((x) => tf.sum(tf.gather(x, ids)))(w)
          .dataSync();
      }),
    );
    expect([...gradient]).toEqual([1, 1, 1, 0, 0, 0, 2, 2, 2, 0, 0, 0]);
  });

  it('sums along a negative axis', async () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
    const sums = await noLeaks(() => tf.tidy(() => tf.cumsum(x, -1).dataSync()));
    expect([...sums]).toEqual([1, 3, 6, 4, 9, 15]);
    x.dispose();
  });

  it('says so when the heap is full, and goes on', async () => {
    const space = new Workspace(await startWasm(), { relaxed: true, threads: 2 });
    await noLeaks(() => {
      expect(() => space.empty([2 ** 30 - 1])).toThrow(EngineError);
      expect(() => space.empty([2 ** 30 - 1])).toThrow(/4096\.0 MiB asked for/);
    });
    expect([...tf.tidy(() => tf.add(tf.tensor1d([1, 2]), 1).dataSync())]).toEqual([2, 3]);
  });

  it('names an id outside the table instead of reading past it', async () => {
    const w = tensorOf([5, 4], 0) as Tensor2D;
    const h = tensorOf([3, 4], 1) as Tensor2D;
    const ids = tf.tensor1d([0, 4, 5], 'int32');
    await noLeaks(() => {
      expect(() => engine.ops.embed(w, ids)).toThrow(/from 0 to 4, got 5 at index 2/);
      expect(() => engine.ops.headLoss(h, w, ids)).toThrow(EngineError);
      expect(() => tf.grad((x) => engine.ops.embed(x as Tensor2D, ids))(w)).toThrow(EngineError);
    });
    tf.dispose([w, h, ids]);
  });

  it('keeps its heap over many steps', () => {
    const step = () =>
      tf.tidy(() => {
        const [x, w] = [tensorOf([64, 32], 0) as Tensor2D, tensorOf([128, 32], 1) as Tensor2D];
        const ids = tf.tensor1d(
          Int32Array.from({ length: 64 }, (_, i) => i),
          'int32',
        );
        tf.grad((h) => engine.ops.headLoss(h as Tensor2D, w, ids).mean)(x);
      });
    step();
    const { heapBytes, bytes } = engine.memory();
    for (let i = 0; i < 300; i++) step();
    expect(engine.memory().bytes).toBe(bytes);
    expect(engine.memory().heapBytes).toBe(heapBytes);
  });
});

describe('headLoss in chunks of rows', () => {
  it.each([undefined, 2])('equals headLoss in one piece, with its gradients, softcap %s', async (softcap) => {
    const space = new Workspace(await startWasm(), { relaxed: true, threads: 2 });
    await noLeaks(() =>
      tf.tidy(() => {
        const [h, w] = [tensorOf([11, 8], 0) as Tensor2D, tensorOf([21, 8], 1) as Tensor2D];
        const ids = tf.tensor1d(
          Array.from({ length: 11 }, (_, i) => (i * 5) % 21),
          'int32',
        );
        const [whole, chunks] = [64 * 2 ** 20, 4 * 21 * 3].map((bytes) => {
          const loss = (a: Tensor2D, b: Tensor2D) => headLoss(space, a, b, ids, softcap, bytes);
          const gradients = tf.grads((a, b) => tf.mul(loss(a as Tensor2D, b as Tensor2D).mean, 0.7))([h, w]);
          return [loss(h, w).tokens, loss(h, w).mean, ...gradients].map((tensor) => tensor.dataSync());
        });
        whole!.forEach((expected, i) => expect(distance(chunks![i]!, expected)).toBeLessThan(1e-6));
      }),
    );
  });
});
