import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEngine } from '../../src/engine/index.ts';
import { keysAndValuesOf, prefixCache } from '../../src/model/adapters/prefix-cache.ts';
import {
  CachedForward,
  DeviceBatch,
  generate,
  loadModel,
  PackedBatch,
  type Decoder,
} from '../../src/model/index.ts';
import { tf } from '../../src/engine/tf.ts';
import { goldenBatch, readJson, type Expected } from '../goldens.ts';
import { noLeaks } from '../no-leaks.ts';
import { withShortMemory } from '../short-memory.ts';

const dir = join(import.meta.dirname, '..', 'goldens', 'model', 'llama');
const prompts = [
  [45, 27, 60, 6, 59, 11],
  [46, 60],
];
const options = { eos: 1, pad: 0, maxNewTokens: 4 };

let model: Decoder;
beforeEach(async () => {
  const engine = await openEngine('wasm', { threads: 1 });
  await engine.activate();
  model = await loadModel(engine, dir, { adapter: { kind: 'prefix', tokens: 3, init: 'noise' } });
});
afterEach(() => model.dispose());

describe('when memory runs out, at whichever allocation, no tensor is left', () => {
  it('of a prefix as a cache holds it', async () => {
    await noLeaks(async () => {
      const { value, failures } = await withShortMemory(() => prefixCache(model, model.parameters.get, 2));
      expect(failures).toBeGreaterThan(model.config.layers);
      tf.dispose(value.map(({ k, v }) => [k, v]));
    });
  });

  it('of the keys and values that a prefix begins with', async () => {
    await noLeaks(async () => {
      const { value, failures } = await withShortMemory(() => keysAndValuesOf(model, [7, 8, 9]));
      expect(failures).toBeGreaterThan(model.config.layers);
      tf.dispose(value.flat());
    });
  });

  it('of a batch', async () => {
    const tokens = goldenBatch(readJson<Expected>(dir, 'expected.json'));
    await noLeaks(async () => {
      const { value: batch, failures } = await withShortMemory(() => new DeviceBatch(tokens, model.config));
      expect(failures).toBeGreaterThan(4);
      const { value: packed } = await withShortMemory(() => PackedBatch.of(batch));
      packed.dispose();
      batch.dispose();
    });
  });

  it('of generation', async () => {
    const expected = await generate(model, prompts, options);
    for (const more of [{}, { cache: false }, { beams: 2 }]) {
      const asked = { ...options, ...more };
      const { value, failures } = await withShortMemory(() => generate(model, prompts, asked), { every: 7 });
      expect(failures).toBeGreaterThan(20);
      if (!('beams' in more)) expect(value).toEqual(expected);
    }
  });
});

it('a cached pass that ran out of memory can be done again', async () => {
  const values = (forward: CachedForward, ids: number[]) => {
    const logits = forward.next(ids);
    const found = [...logits.dataSync<'float32'>()];
    logits.dispose();
    return found;
  };
  await noLeaks(async () => {
    const [whole, torn] = [0, 1].map(() => new CachedForward(model, prompts, { pad: 0 })) as [
      CachedForward,
      CachedForward,
    ];
    for (const forward of [whole, torn]) forward.start().dispose();
    for (const ids of [
      [7, 30],
      [8, 31],
    ]) {
      const expected = values(whole, ids);
      const { value, failures } = await withShortMemory(() => values(torn, ids));
      expect(failures).toBeGreaterThan(9);
      expect(torn.lengths).toEqual(whole.lengths);
      value.forEach((x, v) => expect(Math.abs(x - expected[v]!)).toBeLessThan(1e-5));
    }
    whole.dispose();
    torn.dispose();
  });
});
