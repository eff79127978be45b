import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Scores, Task } from '../../src/data/index.ts';
import { ConfigError } from '../../src/errors.ts';
import { setSink } from '../../src/notebook/index.ts';
import { open, type Session } from '../../src/session/index.ts';
import { noLeaks } from '../no-leaks.ts';

/** Right where the output is longer than three characters; keeps what it was given. */
const given: string[][] = [];
const score = (outputs: readonly string[]): Promise<Scores> => {
  given.push([...outputs]);
  const each = outputs.map((o) => Number(o.length > 3));
  const right = each.reduce((a, b) => a + b, 0) / each.length;
  return Promise.resolve({ primary: 'pass@1', values: { 'pass@1': right }, each });
};
const example = (i: number) => ({ prompt: `Question: What is ${i}?\nAnswer:`, completion: ` ${i} .` });
let ready = 0;
const task: Task = {
  name: 'own',
  kind: 'generation',
  description: '',
  train: [0, 1, 2, 3].map(example),
  validation: [7].map(example),
  test: [4, 5, 6].map(example),
  maxLength: 80,
  maxNewTokens: 6,
  generation: { beams: 2, repetitionPenalty: 1.5 },
  notes: ['four rows made up'],
  ready: () => (ready++, Promise.resolve()),
  score,
};

let s: Session;
beforeAll(async () => {
  s = await open({ task, show: false, engine: 'wasm' });
});
afterAll(() => s.close());

describe('evaluate', () => {
  it("generates in the task's own way, and in another when told", async () => {
    await noLeaks(async () => {
      const own = (await s.evaluate()).data.outputs;
      const beams = await s.generate(
        task.test.map((e) => e.prompt),
        { beams: 2, repetitionPenalty: 1.5 },
      );
      expect(own).toEqual(beams);
      const greedy = (await s.evaluate({ beams: 1, repetitionPenalty: 1, maxNewTokens: 4 })).data.outputs;
      expect(greedy).toEqual(
        await s.generate(
          task.test.map((e) => e.prompt),
          { maxNewTokens: 4 },
        ),
      );
      expect(greedy).not.toEqual(own);
    });
    expect(ready).toBe(2);
  });

  it('takes the validation examples, and as many as wanted', async () => {
    expect((await s.evaluate({ split: 'validation', beams: 1 })).data.examples).toEqual(task.validation);
    expect((await s.evaluate({ examples: 2, beams: 1 })).data.outputs.length).toBe(2);
  });

  it('cuts texts at stop strings', async () => {
    const { outputs } = (await s.evaluate({ beams: 1 })).data;
    const letter = outputs[0]!.trim()[1]!;
    for (const text of (await s.evaluate({ beams: 1, stop: [letter] })).data.outputs) {
      expect(text).not.toContain(letter);
    }
  });

  it('estimates pass@k from several samples', async () => {
    const options = { beams: 1, samples: 4, temperature: 1, seed: 3 };
    const { scores, outputs, examples } = (await s.evaluate(options)).data;
    const all = given.at(-1)!;
    expect([all.length, outputs.length, examples.length]).toEqual([12, 3, 3]);
    expect(new Set(all).size).toBeGreaterThan(4);
    const right = [0, 1, 2].map((i) => all.slice(4 * i, 4 * i + 4).filter((o) => o.length > 3).length);
    expect(scores.each).toEqual(right.map((c) => c / 4));
    expect(scores.values['pass@4']).toBeCloseTo(right.filter((c) => c > 0).length / 3);
    expect((await s.evaluate(options)).data.outputs).toEqual(outputs);
    await expect(s.evaluate({ samples: 4 })).rejects.toThrow(ConfigError);
    await expect(s.evaluate({ samples: 0 })).rejects.toThrow(/samples is 0/);
    await expect(s.evaluate({ examples: 0 })).rejects.toThrow(/examples is 0; give a whole number/);
    await expect(s.evaluate({ split: 'tets' as never })).rejects.toThrow(/split is "tets"; take 'test'/);
    await expect(s.heldOutLoss(-1)).rejects.toThrow(/examples is -1/);
  });

  it('says what scoring lacks before anything is generated', async () => {
    const without = { ...task, ready: () => Promise.reject(new ConfigError('no python here')) };
    const other = await open({ task: without, show: false, engine: 'wasm' });
    const calls = given.length;
    await expect(other.evaluate()).rejects.toThrow('no python here');
    expect(given.length).toBe(calls);
    await other.close();
  });
});

describe("a task of one's own", () => {
  it('gives a session its lengths and notes, and shows a batch', () => {
    expect(s.config.maxLength).toBe(80);
    expect(s.events.map((e) => e.text)).toContain('four rows made up');
    const shown: Record<string, unknown>[] = [];
    const before = setSink({ kind: 'injected', display: (data) => void shown.push(data) });
    try {
      s.batch(1).show();
    } finally {
      setSink(before);
    }
    expect(shown[0]!['text/html']).toContain('<mark');
    expect(shown[0]!['text/plain']).toMatch(/^own, batch of step 1: 4 rows/);
    expect(String(s.batch())).toMatch(/Answer:⟦ \d \.⏹⟧/);
  });

  it('is made of a data file, by options or by name and place', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'own-'));
    await writeFile(join(dir, 'train.csv'), 'q,a\none,un\ntwo,deux\nsix,six\n');
    const own = { data: join(dir, 'train.csv'), prompt: 'French of {q}:', completion: ' {a}' };
    const a = await open({ task: own, show: false, engine: 'wasm' });
    expect(a.task.train[0]).toEqual({ prompt: 'French of one:', completion: ' un' });
    await a.close();
    await writeFile(join(dir, 'gsm8k.jsonl'), '{"question":"1+1?","answer":"#### 2"}\n');
    const b = await open({ task: 'gsm8k', data: join(dir, 'gsm8k.jsonl'), show: false, engine: 'wasm' });
    expect(b.task.train[0]!.prompt).toBe('Question: 1+1?\nAnswer:');
    await b.close();
    await expect(open({ task: 'gsm' })).rejects.toThrow(/no task gsm\..*gsm8k/);
  });
});
