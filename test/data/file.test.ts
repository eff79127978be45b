import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileTask } from '../../src/data/tasks/index.ts';
import { ConfigError, FormatError } from '../../src/errors.ts';
import { sharedPath } from '../shared.ts';

async function file(text: string, name = 'data.jsonl'): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'task-')), name);
  await writeFile(path, text);
  return path;
}

const row = (i: number): object => ({
  question: `What is ${i} + 1?`,
  answer: `It is ${i + 1}.\n#### ${i + 1}`,
});
const lines = (rows: object[]): string => rows.map((r) => JSON.stringify(r)).join('\n');

describe('fileTask', () => {
  it('reads gsm8k rows and tests on the last of them', async () => {
    const task = await fileTask(await file(`${lines([0, 1, 2, 3, 4].map(row))}\n\n`), { test: 2 });
    expect([task.name, task.kind, task.train.length, task.test.length]).toEqual(['data', 'generation', 3, 2]);
    expect(task.test[0]).toEqual({
      prompt: 'Question: What is 3 + 1?\nAnswer:',
      completion: ' It is 4.\n#### 4',
    });
    const scores = await task.score(['#### 4', '#### 4'], task.test);
    expect(scores.values).toEqual({ exactMatch: 0.5, flexibleMatch: 0.5 });
  });

  it('reads prompt and completion from a JSON list, with references, and scores by the metric asked for', async () => {
    const rows = [
      { prompt: 'a', completion: 'b', references: ['b', 'c'] },
      { prompt: 'd', completion: 'e' },
    ];
    const path = await file(`\uFEFF ${JSON.stringify(rows)}`, 'list.json');
    const task = await fileTask(path, { test: 0, metric: 'exact-match' });
    expect(task.train).toEqual(rows);
    expect((await task.score(['c', 'x'], task.train)).each).toEqual([1, 0]);
    expect((await fileTask(path, { test: 0 })).description).toMatch(/prompt-completion, scored by rouge/);
    expect((await fileTask(path, { test: 1, metric: 'accuracy' })).kind).toBe('classification');
  });

  it('takes the test split from a second file', async () => {
    const [train, test] = [await file(lines([1, 2].map(row))), await file(lines([3].map(row)))];
    const task = await fileTask(train, { test });
    expect([task.train.length, task.test.length]).toEqual([2, 1]);
    expect(task.test[0]!.prompt).toContain('3 + 1');
  });

  it('keeps a tenth for the test by default', async () => {
    const task = await fileTask(await file(lines(Array.from({ length: 40 }, (_, i) => row(i)))));
    expect([task.train.length, task.test.length]).toEqual([36, 4]);
  });

  it.each([
    ['', /empty/],
    ['[]', /empty/],
    [`${lines([row(1)])}\n{"question": `, /line 2 is not valid JSON/],
    ['[{"prompt": ', /not valid JSON/],
    ['17', /line 1 is no JSON object/],
    ['{"text": "x"}', /line 1 has the fields text/],
    [lines([row(1), { question: 'x' }]), /line 2 has no text in its field "answer"/],
    [lines([{ question: 'x', answer: 'five' }]), /line 1 has no number after ####/],
  ])('says what is wrong with %j', async (text, message) => {
    const path = await file(text);
    await expect(fileTask(path, { test: 0 })).rejects.toThrow(FormatError);
    await expect(fileTask(path, { test: 0 })).rejects.toThrow(message);
  });

  it('names a missing file', async () => {
    await expect(fileTask('/nowhere/x.jsonl')).rejects.toThrow(FormatError);
    await expect(fileTask('/nowhere/x.jsonl')).rejects.toThrow(/no data file \/nowhere\/x\.jsonl/);
  });

  it.each([-1, 2.5, 3, 9])('refuses %d test rows of 3', async (test) => {
    const path = await file(lines([1, 2, 3].map(row)));
    await expect(fileTask(path, { test })).rejects.toThrow(ConfigError);
  });

  const gsm8k = sharedPath('data', 'gsm8k', 'train.jsonl');
  it.skipIf(!gsm8k)('reads GSM8K, whose own answers score 1 (skipped without the data)', async () => {
    const task = await fileTask(gsm8k!, { test: 250 });
    expect(task.train.length + task.test.length).toBe(1500);
    const gold = await task.score(
      task.test.map((e) => e.completion),
      task.test,
    );
    expect(gold.values.exactMatch).toBe(1);
  });
});
