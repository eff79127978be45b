import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEngine } from '../../src/engine/index.ts';
import { tf } from '../../src/engine/tf.ts';
import { DeviceBatch, loadModel, lossAndGradients } from '../../src/model/index.ts';
import { goldenBatch, readJson, type Expected } from '../goldens.ts';

const goldens = join(import.meta.dirname, '..', 'goldens', 'model');

describe.each(['wasm', 'cpu'] as const)('%s against PyTorch', (backend) => {
  it.each(['llama', 'llama-tied-headdim', 'llama-rope-linear', 'llama-rope-llama3'])('%s', async (name) => {
    const dir = join(goldens, name);
    const want = readJson<Expected>(dir, 'expected.json');
    const engine = await openEngine(backend);
    await engine.activate();
    const before = tf.memory().numTensors;
    const model = await loadModel(engine, dir);
    const batch = new DeviceBatch(goldenBatch(want), model.config);
    const weights = model.parameters.get;

    const { loss, gradients } = await lossAndGradients(model, weights, batch, model.parameters.list);
    expect(Math.abs(loss - want.loss)).toBeLessThan(1e-5);
    for (const [p, g] of gradients) {
      const { norm, idx, val } = want.grads[p.name]!;
      expect(Math.abs(Math.sqrt(await engine.ops.dot([[g, g]])) / norm - 1), p.name).toBeLessThan(1e-3);
      const got = await g.data();
      idx.forEach((i, k) => expect(Math.abs(got[i]! - val[k]!), `${p.name}[${i}]`).toBeLessThan(1e-5 * norm));
    }

    const h = model.hidden(weights, batch);
    const logits = model.logits(weights, h);
    const rows = await logits.array();
    want.attention_mask.forEach((mask, b) =>
      mask.forEach((on, t) => {
        if (!on) return; // logits at padding are not part of the contract
        want.logits_slice[b]![t]!.forEach((x, v) =>
          expect(Math.abs(rows[b * batch.length + t]![v]! - x)).toBeLessThan(1e-4),
        );
      }),
    );
    tf.dispose([h, logits, ...gradients.values()]);
    batch.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
