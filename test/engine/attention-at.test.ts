import type { Tensor2D } from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type AttentionShape, type Engine, tf } from '../../src/engine/index.ts';
import { noLeaks } from '../no-leaks.ts';
import { distance, engines, read, tensorOf } from './engines.ts';

const cases: { name: string; shape: AttentionShape; rotary?: number; alibi?: boolean }[] = [
  { name: 'rotary', shape: { batch: 2, length: 71, heads: 4, kvHeads: 2, headDim: 6 }, rotary: 6 },
  { name: 'part rotary', shape: { batch: 3, length: 9, heads: 2, kvHeads: 1, headDim: 8 }, rotary: 4 },
  { name: 'none', shape: { batch: 2, length: 40, heads: 3, kvHeads: 3, headDim: 4, scale: 0.3, softcap: 2 } },
  {
    name: 'ALiBi',
    shape: { batch: 2, length: 41, heads: 2, kvHeads: 1, headDim: 6, window: 5 },
    alibi: true,
  },
];

/** Places in runs that cross blocks of queries and ends of sequences, alone, and out of order. */
function placesOf({ batch, length }: AttentionShape): Int32Array {
  const all = Array.from({ length: batch * length }, (_, i) => i);
  return Int32Array.from([...all.filter((i) => i % 7 !== 3 || i % length > 35), 10, 3]);
}

describe.each(Object.keys(engines))('attentionAt, %s', (name) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await engines[name]!();
    await engine.activate();
  });

  it.each(cases)('gives the rows of attention: $name', async ({ shape, rotary = 0, alibi }) => {
    const { batch, length, heads, kvHeads, headDim } = shape;
    const places = placesOf(shape);
    const [some, whole] = await noLeaks(() =>
      read(() => {
        const [q, k, v] = [heads, kvHeads, kvHeads].map((n, i) => tensorOf([batch * length, n * headDim], i)) as [Tensor2D, Tensor2D, Tensor2D]; // prettier-ignore
        const angle = tf.mul<Tensor2D>(tf.range(0, length).expandDims(1), [Array.from({ length: rotary / 2 }, (_, j) => 0.5 ** j)]); // prettier-ignore
        const turn = { cos: tf.cos<Tensor2D>(angle), sin: tf.sin<Tensor2D>(angle) };
        const positions = rotary ? turn : alibi ? { slopes: tf.tensor1d([0.5, 0.25]) } : undefined;
        const all = engine.ops.attention(q, k, v, shape, positions);
        const few = engine.ops.attentionAt(places, tf.gather(q, places), k, v, shape, positions);
        return [few, tf.gather(all, places)];
      }),
    );
    expect(distance(some!, whole!)).toBeLessThan(1e-6);
  });
});
