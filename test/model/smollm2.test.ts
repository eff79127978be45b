import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEngine } from '../../src/engine/index.ts';
import { DeviceBatch, generate, loadModel, lossOf } from '../../src/model/index.ts';
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
});
