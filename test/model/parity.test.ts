import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEngine } from '../../src/engine/index.ts';
import { tf } from '../../src/engine/tf.ts';
import { DeviceBatch, loadModel, lossAndGradients, supportedFamilies } from '../../src/model/index.ts';
import { goldenBatch, readJson, type Expected } from '../goldens.ts';

const goldens = join(import.meta.dirname, '..', 'goldens', 'model');

const names = readdirSync(goldens);

it('has a tiny model of every family', () => {
  const types = names.map(
    (name) => readJson<{ model_type: string }>(goldens, name, 'config.json').model_type,
  );
  expect(new Set(types)).toEqual(new Set(supportedFamilies));
});

describe.each(['wasm', 'cpu'] as const)('%s against PyTorch', (backend) => {
  it.each(names)('%s', async (name) => {
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
      // transformers calls GPT-NeoX's embed_out lm_head in memory, not in its files
      const { norm, idx, val } = want.grads[p.name] ?? want.grads['lm_head.weight']!;
      // a key bias without rotary positions has no gradient but rounding: hence the absolute part
      const ours = Math.sqrt(await engine.ops.dot([[g, g]]));
      expect(Math.abs(ours - norm), p.name).toBeLessThan(1e-3 * norm + 1e-6);
      const got = await g.data();
      const most = 1e-5 * norm + 1e-7;
      idx.forEach((i, k) => expect(Math.abs(got[i]! - val[k]!), `${p.name}[${i}]`).toBeLessThan(most));
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
