import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEngine, tf } from '../../src/engine/index.ts';
import { DeviceBatch, loadModel, lossAndGradients, lossOf } from '../../src/model/index.ts';
import { modelObjective } from '../../src/variance/index.ts';
import { goldenBatch, readJson, type Expected } from '../goldens.ts';

const dir = join(import.meta.dirname, '..', 'goldens', 'model', 'llama-tied-headdim');
const tokens = goldenBatch(readJson<Expected>(dir, 'expected.json'));
/** Every target, and two tokens more, in no order. */
const candidates = Int32Array.from([...new Set([...tokens.targets].reverse()), 3, 1].filter((id, i, all) => all.indexOf(id) === i)); // prettier-ignore

describe('a softmax over candidates', () => {
  it('has the loss that the logits of the candidates alone give, packed or not', async () => {
    const engine = await openEngine('wasm');
    await engine.activate();
    const model = await loadModel(engine, dir);
    const live = tf.memory().numTensors;
    const batch = new DeviceBatch({ ...tokens, candidates }, model.config);
    const { get } = model.parameters;
    const h = model.hidden(get, batch);
    const logits = model.logits(get, h, batch.positions);
    const rows = await logits.array();
    const losses = rows.map((row, i) => {
      const among = [...candidates].map((id) => row[id]!);
      const most = Math.max(...among);
      return most + Math.log(among.reduce((s, x) => s + Math.exp(x - most), 0)) - row[tokens.targets[i]!]!;
    });
    const want = losses.reduce((s, x) => s + x, 0) / losses.length;
    expect(await lossOf(model, get, batch)).toBeCloseTo(want, 5);
    const on = modelObjective(model, batch, model.parameters.list.filter((p) => p.layer === 1)); // prettier-ignore
    expect(await on.lossAt()).toBeCloseTo(want, 5);
    on.release!();
    tf.dispose([h, logits]);
    batch.dispose();
    expect(tf.memory().numTensors).toBe(live);
    model.dispose();
  });

  it.each(['wasm', 'cpu'] as const)('has the gradient of its own differences on %s', async (backend) => {
    const engine = await openEngine(backend);
    await engine.activate();
    const model = await loadModel(engine, dir);
    const { parameters } = model;
    const batch = new DeviceBatch({ ...tokens, candidates }, model.config);
    const head = model.headParameter; // tied: the embedding, so both ends are in it
    const { gradients } = await lossAndGradients(model, parameters.get, batch, [head]);
    const g = gradients.get(head)!;
    const by = 0.01 / Math.sqrt(await engine.ops.dot([[g, g]]));
    const at = async (sign: number) => {
      const there = engine.ops.addScaled(parameters.get(head), g, sign * by);
      const loss = await lossOf(model, (p) => (p === head ? there : parameters.get(p)), batch);
      there.dispose();
      return loss;
    };
    const slope = ((await at(1)) - (await at(-1))) / 0.02;
    expect(slope / Math.sqrt(await engine.ops.dot([[g, g]]))).toBeCloseTo(1, 2);
    g.dispose();
    batch.dispose();
    model.dispose();
  });

  it('refuses candidates that lack a target, come twice or are no tokens', async () => {
    const engine = await openEngine('wasm');
    const model = await loadModel(engine, dir);
    const live = tf.memory().numTensors;
    const make = (ids: number[]) => () => new DeviceBatch({ ...tokens, candidates: Int32Array.from(ids) }, model.config); // prettier-ignore
    expect(make([...candidates].slice(1))).toThrow(/lack the target/);
    expect(make([...candidates, 3])).toThrow(/hold a token twice/);
    expect(make([...candidates, 1e6])).toThrow(/outside the model's vocabulary/);
    expect(tf.memory().numTensors).toBe(live);
    model.dispose();
  });
});
