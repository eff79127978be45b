import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor } from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEngine, tf, type Engine } from '../../src/engine/index.ts';
import {
  DeviceBatch,
  loadModel,
  lossAndGradients,
  lossOf,
  type Decoder,
  type Parameter,
  type Weights,
} from '../../src/model/index.ts';
import { goldenBatch, readJson, type Expected } from '../goldens.ts';
import { noLeaks } from '../no-leaks.ts';

const goldens = join(import.meta.dirname, '..', 'goldens', 'model');
const batchOf = (name: string) => goldenBatch(readJson<Expected>(goldens, name, 'expected.json'));

let engine: Engine;
/** Rows that reached the head in each loss. */
const headRows: number[] = [];
beforeAll(async () => {
  const real = await openEngine('wasm');
  await real.activate();
  const headLoss: Engine['ops']['headLoss'] = (h, ...rest) => {
    headRows.push(h.shape[0]);
    return real.ops.headLoss(h, ...rest);
  };
  engine = Object.assign(Object.create(real) as Engine, { ops: { ...real.ops, headLoss } });
});

/** Weights that are copies made on the spot, and what was seen when each was asked for. */
function watched(model: Decoder) {
  const asked: { p: Parameter; taped: boolean }[] = [];
  const copies: { p: Parameter; copy: Tensor }[] = [];
  let together = 0;
  const weights: Weights = (p) => {
    const alive = copies.filter((c) => !c.copy.isDisposed);
    const block = Math.max(...alive.map((c) => model.blockOf(c.p)), 0);
    // a tied embedding comes back as the head
    if (p !== model.embedding) expect(alive.every((c) => model.blockOf(c.p) === block)).toBe(true);
    together = Math.max(together, alive.length + 1);
    asked.push({ p, taped: tf.engine().isTapeOn() });
    const copy = tf.add<Tensor>(model.parameters.get(p), 1e-3);
    copies.push({ p, copy });
    return copy;
  };
  return { weights, asked, together: () => together };
}

describe.each(readdirSync(goldens))('%s', (name) => {
  it('asks for its tensors in execution order, holds copies of one block at a time and supervised rows only', async () => {
    await noLeaks(async () => {
      const model = await loadModel(engine, join(goldens, name));
      const batch = new DeviceBatch(batchOf(name), model.config);
      const seen = watched(model);
      await lossOf(model, seen.weights, batch);
      expect([...new Set(seen.asked.map((a) => a.p.name))]).toEqual(model.parameters.list.map((p) => p.name));
      const largest = Math.max(
        ...Array.from({ length: model.blocks + 1 }, (_, b) => {
          return model.parameters.list.filter((p) => model.blockOf(p) === b).length;
        }),
      );
      expect(seen.together()).toBeLessThanOrEqual(largest + Number(model.config.tied));
      expect(headRows.pop()).toBe(batch.supervised);
      batch.dispose();
      model.dispose();
    });
  });

  it('runs what lies below the deepest FO tensor outside the tape', async () => {
    await noLeaks(async () => {
      const model = await loadModel(engine, join(goldens, name));
      const batch = new DeviceBatch(batchOf(name), model.config);
      const { list, get } = model.parameters;
      const deepest = list.find((p) => p.layer === 1)!;
      const tapes = new Map<number, Set<boolean>>();
      const weights: Weights = (p) => {
        if (p === deepest) return get(p); // asked for before the pass, to differentiate by
        const block = p === model.embedding && tapes.size > 1 ? model.blocks : model.blockOf(p);
        tapes.set(block, (tapes.get(block) ?? new Set()).add(tf.engine().isTapeOn()));
        return get(p);
      };
      const { gradients } = await lossAndGradients(model, weights, batch, [deepest]);
      tf.dispose([...gradients.values()]);
      for (const [block, taped] of tapes) expect([...taped], `block ${block}`).toEqual([block >= 2]);
      batch.dispose();
      model.dispose();
    });
  });

  it('gives the same loss and gradients twice, to the last bit', async () => {
    const model = await loadModel(engine, join(goldens, name));
    const batch = new DeviceBatch(batchOf(name), model.config);
    const run = async () => {
      const { loss, gradients } = await lossAndGradients(
        model,
        model.parameters.get,
        batch,
        model.parameters.list,
      );
      const values = [...gradients.values()].map((g) => Array.from(g.dataSync()));
      tf.dispose([...gradients.values()]);
      return { loss, values };
    };
    const [first, second] = [await run(), await run()];
    expect(second).toEqual(first);
    expect(await lossOf(model, model.parameters.get, batch)).toBe(first.loss);
    batch.dispose();
    model.dispose();
  });
});

describe('the look-up of the padding token', () => {
  const made = mkdtempSync(join(tmpdir(), 'hi-zfo-padding-'));
  afterAll(() => rmSync(made, { recursive: true }));

  // token 59 stands in a prompt of the batch and is nowhere predicted; PyTorch's nn.Embedding has padding_idx or not
  it.each([
    ['llama', true],
    ['phi3', true],
    ['mistral-window', true],
    ['gpt_neox', false],
  ])('in %s gets no gradient: %s', async (name, dropped) => {
    const dir = join(made, name);
    cpSync(join(goldens, name), dir, { recursive: true });
    const config = readJson<object>(dir, 'config.json');
    const id = 59;
    writeFileSync(join(dir, 'config.json'), JSON.stringify({ ...config, pad_token_id: id }));
    const model = await loadModel(engine, dir);
    const batch = new DeviceBatch(batchOf(name), model.config);
    const { gradients } = await lossAndGradients(model, model.parameters.get, batch, [model.embedding]);
    const rows = (await gradients.get(model.embedding)!.array()) as number[][];
    expect(rows[id]!.every((x) => x === 0)).toBe(dropped);
    expect(rows[45]!.some((x) => x !== 0)).toBe(true);
    tf.dispose([...gradients.values()]);
    batch.dispose();
    model.dispose();
  });
});
