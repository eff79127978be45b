import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openEngine } from '../../src/engine/index.ts';
import { inPieces, loadModel, type Parameter } from '../../src/model/index.ts';
import { AdamW } from '../../src/optimize/index.ts';
import { Partition } from '../../src/partition/index.ts';
import { profileModel } from '../../src/profile/index.ts';
import { hiZfoStep, stepSettings, type StepOptions } from '../../src/train/index.ts';
import { goldenBatch, readJson, type Expected } from '../goldens.ts';
import { noLeaks } from '../no-leaks.ts';
import { withShortMemory } from '../short-memory.ts';

const dir = join(import.meta.dirname, '..', 'goldens', 'model', 'llama-tied-headdim');
const tokens = goldenBatch(readJson<Expected>(dir, 'expected.json'));

it.each<[string, StepOptions]>([
  ['', {}],
  [', pieces recomputed and clipped', { microBatch: 1, recompute: true, clipNorm: 1e-3 }],
  [', AdamW and two queries for ZO', { updateZO: 'adamw', queries: 2 }],
  [', low-rank directions', { updateZO: 'adamw', law: 'low-rank' }],
  [', directions on the sphere', { law: 'sphere', estimator: 'two-sided' }],
])('a step that runs out of memory, at whichever allocation, leaves no tensor%s', async (_, options) => {
  const engine = await openEngine('wasm', { threads: 1 });
  await engine.activate();
  const model = await loadModel(engine, dir);
  const optimizer = new AdamW(engine);
  const partition = Partition.of(model.parameters.list, /q_proj|down_proj|norm/);
  const settings = stepSettings(options);
  const trained = inPieces(model, settings.microBatch);
  const step = async () => {
    const batch = await trained.prepare(tokens);
    try {
      await hiZfoStep({ model: trained, partition, batch, settings, optimizer, seed: 1, step: 0 });
    } finally {
      batch.dispose();
    }
  };
  await step(); // the moments stay
  await noLeaks(async () => {
    const { failures } = await withShortMemory(step);
    expect(failures).toBeGreaterThan(50);
  });
  optimizer.dispose();
  model.dispose();
});

it('so does a profile', async () => {
  const engine = await openEngine('wasm', { threads: 1 });
  await engine.activate();
  const model = await loadModel(engine, dir);
  const optimizer = new AdamW(engine);
  await noLeaks(async () => {
    const trial = optimizer.tried.bind(optimizer);
    const { failures } = await withShortMemory(() =>
      profileModel(model, [tokens], (p, w, g) => trial(p, w, g, 1e-3)),
    );
    expect(failures).toBeGreaterThan(50);
  });
  model.dispose();
});

it('so do moments that are put back', async () => {
  const engine = await openEngine('wasm', { threads: 1 });
  await engine.activate();
  const model = await loadModel(engine, dir);
  const optimizer = new AdamW(engine);
  const [p] = model.parameters.list as [Parameter];
  const values = new Float32Array(p.size).fill(1);
  await noLeaks(async () => {
    const back = () => optimizer.restore(p, { m: values, v: values, steps: 1 });
    expect((await withShortMemory(back)).failures).toBeGreaterThan(0);
    optimizer.forget(p);
  });
  model.dispose();
});
