import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import type { Task } from '../../src/data/index.ts';
import { tf } from '../../src/engine/index.ts';
import { setSink } from '../../src/notebook/index.ts';
import { open } from '../../src/session/index.ts';
import { readJson } from '../goldens.ts';

const goldens = join(import.meta.dirname, '..', 'goldens', 'model');
const made = mkdtempSync(join(tmpdir(), 'hi-zfo-families-'));
afterAll(() => rmSync(made, { recursive: true }));
afterEach(() => setSink(undefined));

/** Letters as tokens: enough of a tokenizer for the 67 tokens of the tiny models. */
function withTokenizer(name: string): string {
  const dir = join(made, name);
  cpSync(join(goldens, name), dir, { recursive: true });
  const special = ['<pad>', '<s>', '</s>'];
  const letters = Array.from({ length: 64 }, (_, i) => String.fromCharCode(32 + i));
  const vocab = Object.fromEntries([...special, ...letters].map((token, id) => [token, id]));
  const added_tokens = special.map((content, id) => ({ id, content, special: true }));
  const none = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: { type: 'Fuse' } };
  const model = { type: 'BPE', vocab, merges: [] };
  const tokenizer = { version: '1.0', added_tokens, ...none, model };
  writeFileSync(join(dir, 'tokenizer.json'), JSON.stringify(tokenizer));
  const settings = { pad_token: '<pad>', bos_token: '<s>', eos_token: '</s>' };
  writeFileSync(join(dir, 'tokenizer_config.json'), JSON.stringify(settings));
  return dir;
}

const examples = Array.from({ length: 12 }, (_, i) => ({
  prompt: `SAY ${'ABCDEF'[i % 6]}:`,
  completion: `${i % 6}${i % 6}`,
}));
const task: Task = {
  name: 'letters',
  kind: 'generation',
  description: 'A number for a letter.',
  train: examples.slice(0, 8),
  test: examples.slice(8),
  maxNewTokens: 3,
  score: (outputs) => Promise.resolve({ primary: 'none', values: { none: 0 }, each: outputs.map(() => 0) }),
};

it.each(readdirSync(goldens))('%s is profiled, split, trained, measured, scored and saved', async (name) => {
  const empty = tf.memory().numTensors;
  const dir = withTokenizer(name);
  const options = { task, engine: 'wasm', seed: 1, batchSize: 2, show: false, rateFO: 1e-3 } as const;
  const s = await open({ model: dir, ...options });

  const profile = await s.profile({ batches: 2 });
  expect(profile.data.entries.length).toBe(s.model.parameters.list.length);
  const { data: split } = await s.partition({ rho: 0.6 });
  const { achieved, countFO, countZO } = split.summary();
  expect(achieved).toBeLessThanOrEqual(split.budget!.share);
  expect(Math.min(countFO, countZO)).toBeGreaterThan(0);
  await s.run(3);
  const { rows } = s.history.data;
  expect(rows.every((row) => row.skipped === '' && Number.isFinite(row.loss + row.gradientNorm))).toBe(true);
  expect(rows.every((row) => row.perturbedLoss !== row.loss)).toBe(true);
  const variance = await s.variance({ draws: 2, queries: [1] });
  const evaluation = await s.evaluate({ examples: 2 });
  expect(evaluation.data.outputs.length).toBe(2);

  // every result can be shown
  for (const result of [profile, await s.partition(), variance, evaluation, s.history]) {
    expect(JSON.stringify(result.spec()).length).toBeGreaterThan(100);
    expect(String(result)).toMatch(/\w/);
  }

  const saved = join(made, `${name}-saved`);
  await s.save(saved, { dtype: 'source' });
  expect(readJson<{ torch_dtype: string }>(saved, 'config.json').torch_dtype).toBe('float32');
  const again = await open({ model: saved, ...options });
  expect(await again.heldOutLoss(2)).toBe(await s.heldOutLoss(2));
  await again.close();
  await s.close();
  expect(tf.memory().numTensors).toBe(empty);
});

it('saves rounded weights without the state to go on from', async () => {
  const dir = withTokenizer('qwen2');
  const options = { task, engine: 'wasm', seed: 1, batchSize: 2, show: false } as const;
  const s = await open({ model: dir, ...options });
  const saved = join(made, 'rounded');
  await expect(s.save(saved, { dtype: 'BF16', state: true })).rejects.toThrow(
    /rounded to BF16.*state: false/,
  );
  await s.save(saved, { dtype: 'BF16' });
  expect(readJson<{ torch_dtype: string }>(saved, 'config.json').torch_dtype).toBe('bfloat16');
  const again = await open({ model: saved, ...options });
  const [before, after] = [await s.heldOutLoss(2), await again.heldOutLoss(2)];
  expect(after).not.toBe(before);
  expect(Math.abs(after - before)).toBeLessThan(0.05);
  await expect(open({ resume: saved, show: false })).rejects.toThrow(/hi-zfo\.json|state|go on/);
  await again.close();
  await s.close();
});
