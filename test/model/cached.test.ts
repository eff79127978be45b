import type { Tensor2D } from '@tensorflow/tfjs';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine, tf, type Engine } from '../../src/engine/index.ts';
import { CachedForward, DeviceBatch, loadModel, type Decoder } from '../../src/model/index.ts';
import { noLeaks } from '../no-leaks.ts';

const goldens = join(import.meta.dirname, '..', 'goldens', 'model');
const prompts = [
  [45, 27, 60, 6, 59, 11],
  [46, 60],
  [44, 13, 24, 58],
];
const more = [
  [7, 8, 9],
  [30, 31, 32],
  [50, 4, 66],
];

/** Logits after the last of `ids`, without a cache. */
function recomputed(model: Decoder, ids: number[]): Float32Array {
  const one = Int32Array.of(0);
  const batch = new DeviceBatch(
    { ids: Int32Array.from(ids), batch: 1, length: ids.length, positions: one, targets: one },
    model.config,
  );
  const values = tf.tidy(() => {
    const h = model.hidden(model.parameters.get, batch);
    return model
      .logits(model.parameters.get, h, tf.tensor1d([ids.length - 1], 'int32'))
      .dataSync<'float32'>();
  });
  batch.dispose();
  return values;
}

function expectRows(logits: Tensor2D, expected: Float32Array[]): void {
  const values = logits.arraySync();
  logits.dispose();
  expect(values.length).toBe(expected.length);
  values.forEach((row, b) =>
    row.forEach((x, v) => expect(Math.abs(x - expected[b]![v]!)).toBeLessThan(1e-5)),
  );
}

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine('wasm');
  await engine.activate();
});

describe.each(readdirSync(goldens))('CachedForward of %s', (name) => {
  it('gives the logits of a full recomputation, also after rows were reordered and repeated', async () => {
    await noLeaks(async () => {
      const model = await loadModel(engine, join(goldens, name));
      const forward = new CachedForward(model, prompts, { pad: 0 });
      let seen = prompts.map((p) => [...p]);
      const check = (logits: Tensor2D) =>
        expectRows(
          logits,
          seen.map((ids) => recomputed(model, ids)),
        );
      check(forward.start());
      for (const rows of [
        [0, 1, 2],
        [2, 0, 0],
        [1, 2],
      ]) {
        forward.select(rows);
        seen = rows.map((b, i) => [...seen[b]!, more[i]![seen.length % 3]!]);
        check(forward.next(seen.map((ids) => ids.at(-1)!)));
        expect(forward.lengths).toEqual(seen.map((ids) => ids.length));
      }
      forward.dispose();
      model.dispose();
    });
  });
});

it('refuses an empty prompt, a row that is not there and more tokens than positions', async () => {
  const model = await loadModel(engine, join(goldens, 'llama'));
  expect(() => new CachedForward(model, [[1], []], { pad: 0 })).toThrow('Prompt 1 is empty');
  expect(() => new CachedForward(model, [Array<number>(65).fill(3)], { pad: 0 })).toThrow('64 positions');
  const forward = new CachedForward(model, [Array<number>(64).fill(3)], { pad: 0 });
  forward.start().dispose();
  expect(() => forward.select([1])).toThrow('row 1 of 1');
  expect(() => forward.next([1, 2])).toThrow('2 tokens for 1 rows');
  expect(() => forward.next([1])).toThrow('65 tokens exceed');
  forward.dispose();
  model.dispose();
});
