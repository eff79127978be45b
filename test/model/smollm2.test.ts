import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEngine } from '../../src/engine/index.ts';
import { DeviceBatch, generate, loadModel, lossOf } from '../../src/model/index.ts';
import { open } from '../../src/session/index.ts';
import { goldenBatch, readJson } from '../goldens.ts';
import { shared, sharedPath } from '../shared.ts';

const dir = process.env.HI_ZFO_SMOLLM2 ?? join(shared, '..', '.models', 'smollm2', 'hf');
const goldens = sharedPath('goldens-tokens');
const present = existsSync(join(dir, 'model.safetensors')) && goldens !== undefined;

// made by ../shared/tools/smollm2; skipped where that folder is not there
describe.skipIf(!present)('SmolLM2-135M against PyTorch', () => {
  it('gives the loss and the greedy text of transformers', { timeout: 300_000 }, async () => {
    const engine = await openEngine('wasm');
    const model = await loadModel(engine, dir);
    const want = readJson<{ input_ids: number[][]; labels: number[][]; loss_float64_mean: number }>(
      goldens!,
      'loss.json',
    );
    const batch = new DeviceBatch(goldenBatch(want), model.config);
    expect(
      Math.abs((await lossOf(model, model.parameters.get, batch)) - want.loss_float64_mean),
    ).toBeLessThan(1e-4);
    batch.dispose();
    const { cases } = readJson<{ cases: { ids_in: number[]; ids_out: number[] }[] }>(
      goldens!,
      'generate.json',
    );
    const prompts = cases.map((c) => c.ids_in);
    const rows = await generate(model, prompts, { maxNewTokens: 40, eos: -1, pad: 2 });
    rows.forEach((row, i) => expect(row).toEqual(cases[i]!.ids_out));
    model.dispose();
  });

  const data = sharedPath('data', 'gsm8k');
  it.skipIf(!data)('is profiled, split and trained on GSM8K within 3 GiB', { timeout: 600_000 }, async () => {
    const [task, test] = ['train.jsonl', 'test.jsonl'].map((name) => join(data!, name));
    const s = await open({ model: dir, task: task!, test: test!, batchSize: 4, maxLength: 128, show: false });
    const { data: split } = await s.partition({ rho: 0.6 });
    const { achieved, countFO, countZO, interleaved } = split.summary();
    expect(achieved).toBeLessThanOrEqual(split.budget!.share);
    expect(achieved).toBeGreaterThan(0.99 * split.budget!.share);
    expect(countFO + countZO).toBe(272);
    expect(interleaved).toBeGreaterThan(0); // ZO tensors above FO ones: the case that in-place code gets wrong
    const row = await s.step();
    expect(row.skipped).toBe('');
    expect(row.gradientNorm).toBeGreaterThan(0);
    expect(s.engine.memory().heapBytes).toBeLessThan(3 * 2 ** 30);
    await s.close();
  });
});
