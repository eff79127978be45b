import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { dataTask, published, type PublishedName } from '../../src/data/tasks/index.ts';
import { splitRows } from '../../src/data/tasks/split.ts';
import { fieldsOf, fill, joined } from '../../src/data/tasks/template.ts';
import { ConfigError, FormatError } from '../../src/errors.ts';
import { sharedPath } from '../shared.ts';

const lines = (rows: object[]): string => rows.map((r) => JSON.stringify(r)).join('\n');

async function file(rows: object[] | string, name = 'rows.jsonl'): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'task-')), name);
  await writeFile(path, typeof rows === 'string' ? rows : lines(rows));
  return path;
}

/** A row of each published layout, small and made up. */
const made: Record<PublishedName, object> = {
  gsm8k: { question: 'What is 1 + 1?', answer: 'It is 1+1=2.\n#### 2' },
  math500: {
    problem: 'What is $1+1$?',
    solution: 'It is $\\boxed{2}$.',
    answer: '2',
    subject: 'Algebra',
    level: 1,
    unique_id: 'test/1',
  },
  humaneval: {
    task_id: 'X/0',
    prompt: 'def two():\n',
    canonical_solution: '    return 2\n',
    test: 'def check(f):\n    assert f() == 2\n',
    entry_point: 'two',
  },
  dialogsum: {
    fname: 'x',
    dialogue: '#Person1#: Hi.',
    summary1: 'They meet.',
    summary2: 'Two meet.',
    topic: 'meeting',
  },
  scitldr: { source: ['First sentence.', 'Second one.'], target: ['One line.', 'A line.'] },
  webquestions: { qId: 'x', qText: 'who wrote it?', answers: ['Ann', 'Ann B.'] },
};

/** What the row above is turned into. */
const examples: Record<PublishedName, object> = {
  gsm8k: { prompt: 'Question: What is 1 + 1?\nAnswer:', completion: ' It is 1+1=2.\n#### 2' },
  math500: {
    prompt: 'Problem:\nWhat is $1+1$?\n\nSolution:',
    completion: ' It is $\\boxed{2}$.',
    meta: { answer: '2' },
  },
  humaneval: {
    prompt: 'def two():\n',
    completion: '    return 2\n',
    meta: { test: 'def check(f):\n    assert f() == 2\n', entryPoint: 'two' },
  },
  dialogsum: {
    prompt: '#Person1#: Hi. TL;DR:',
    completion: ' They meet.',
    references: ['They meet.', 'Two meet.'],
    cut: { from: 0, to: 14, tokens: 416 },
  },
  scitldr: {
    prompt: 'First sentence. Second one. TL;DR:',
    completion: ' One line.',
    references: ['One line.', 'A line.'],
    cut: { from: 0, to: 27, tokens: 416 },
  },
  webquestions: {
    prompt: 'question:who wrote it?</s>answer:',
    completion: 'Ann',
    references: ['Ann', 'Ann B.'],
    cut: { from: 9, to: 22, tokens: 72 },
  },
};

describe.each(Object.keys(published) as PublishedName[])('task %s', (name) => {
  it('turns its rows into prompts and completions, by name and by its fields', async () => {
    const data = await file([made[name]]);
    for (const options of [{ name, data }, { data }]) {
      const task = await dataTask(options);
      expect(task.train).toEqual([examples[name]]);
      expect([task.maxLength, task.maxNewTokens]).toEqual([
        published[name].maxLength,
        published[name].maxNewTokens,
      ]);
    }
  });

  const folder = sharedPath('data', name);
  it.skipIf(!folder)(
    'reads the published files; its own answers score 1 (skipped without the data)',
    async () => {
      const task = await dataTask({ name, data: folder! });
      const sizes = [task.train.length, task.validation!.length, task.test.length];
      const want: Partial<Record<PublishedName, number[]>> = {
        gsm8k: [1000, 500, 250],
        humaneval: [67, 32, 65],
        dialogsum: [334, 166, 250],
        scitldr: [400, 200, 200],
        webquestions: [667, 333, 300],
      };
      expect(sizes).toEqual(want[name]);
      expect(task.notes!.length).toBe(3);
      const some = task.test.slice(0, name === 'humaneval' ? 3 : 100);
      const own = some.map((e) => e.references?.[0] ?? e.completion);
      const scores = await task.score(own, some);
      expect(scores.values[scores.primary]).toBe(1);
      const texts = new Set(task.train.map((e) => e.prompt));
      expect(task.validation!.filter((e) => texts.has(e.prompt)).length).toBeLessThan(3); // the sets repeat some rows
    },
  );
});

describe('dataTask', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('makes a task of any fields by templates', async () => {
    const data = await file('english,french\none,un\ntwo,deux\n', 'pairs.csv');
    const task = await dataTask({
      data,
      prompt: '{{Translate}}: {english}\nFrench:',
      completion: ' {french}',
      metric: 'exact-match',
      maxNewTokens: 8,
      split: { train: 1, validation: 0, test: 1 },
    });
    const all = [...task.train, ...task.test].sort((a, b) => (a.prompt < b.prompt ? -1 : 1));
    expect(all).toEqual([
      { prompt: '{Translate}: one\nFrench:', completion: ' un' },
      { prompt: '{Translate}: two\nFrench:', completion: ' deux' },
    ]);
    expect([task.name, task.maxNewTokens]).toEqual(['pairs', 8]);
    expect((await task.score([' deux', 'x'], [all[1]!, all[0]!])).each).toEqual([1, 0]);
  });

  it('takes a score of your own, and other prompts and lengths for a published task', async () => {
    const data = await file([made.dialogsum]);
    const task = await dataTask({
      name: 'dialogsum',
      data,
      prompt: 'Sum up:\n{dialogue}\n',
      cut: { field: 'dialogue', tokens: 100 },
      generation: { beams: 1 },
      metric: (outputs) => ({ primary: 'length', values: { length: 0.5 }, each: outputs.map(() => 0.5) }),
    });
    expect(task.train[0]).toMatchObject({
      prompt: 'Sum up:\n#Person1#: Hi.\n',
      cut: { from: 8, to: 22, tokens: 100 },
    });
    expect(task.generation).toEqual({
      beams: 1,
      repetitionPenalty: 2.5,
      lengthPenalty: 1,
      earlyStopping: true,
    });
    expect((await task.score(['a'], task.train)).primary).toBe('length');
  });

  it('reads conversations', async () => {
    const messages = [
      { role: 'user', content: 'Hi', extra: 1 },
      { role: 'assistant', content: 'Hello' },
      { role: 'user', content: 'Bye' },
    ];
    const task = await dataTask({ data: await file([{ messages }]) });
    expect(task.train).toEqual([
      {
        prompt: 'user: Hi\nassistant:',
        completion: 'Hello',
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: 'Hello' },
        ],
      },
    ]);
  });

  it('finds data by name in HI_ZFO_DATA, and says where it belongs when it is missing', async () => {
    const root = await mkdtemp(join(tmpdir(), 'root-'));
    vi.stubEnv('HI_ZFO_DATA', root);
    const missing = dataTask({ name: 'gsm8k' });
    await expect(missing).rejects.toThrow(FormatError);
    await expect(missing).rejects.toThrow(/data[/\\]gsm8k.*hi-zfo pull data gsm8k/);
    await expect(missing).rejects.toThrow(join(root, 'gsm8k'));
    await writeFile(join(root, 'gsm8k.jsonl'), lines([made.gsm8k]));
    expect((await dataTask({ name: 'gsm8k', data: join(root, 'gsm8k.jsonl') })).train.length).toBe(1);
    await expect(dataTask({ name: 'mine' })).rejects.toThrow(/needs data.*gsm8k/);
    await expect(dataTask({ data: join(root, 'none.csv') })).rejects.toThrow(/no data file or folder/);
  });

  it.each([
    [
      [{ text: 'x' }],
      {},
      /has the fields text; .*question and answer \(gsm8k\).*prompt and completion.*messages/s,
    ],
    [[{ a: '1' }], { prompt: '{a}', completion: '{b}' }, /no text in its field "b"; its fields are a/],
    [[{ a: '1', b: {} }], { prompt: '{a}', completion: '{b}' }, /no text in its field "b"/],
    [[{ source: 'one text', target: 'other' }], {}, /has the fields source, target/],
    [[{ question: 'x', answer: 'five' }], {}, /no number after ####/],
    [[{ messages: [{ role: 'user' }] }], {}, /no list of \{ role, content \}/],
    [[{ messages: [{ role: 'user', content: 'x' }] }], {}, /no turn of the assistant/],
    [[], {}, /empty/],
  ])('says what is wrong with %j', async (rows, options, message) => {
    const data = await file(rows);
    await expect(dataTask({ data, ...options })).rejects.toThrow(FormatError);
    await expect(dataTask({ data, ...options })).rejects.toThrow(message);
  });

  it('refuses unknown formats and metrics and impossible counts', async () => {
    const data = await file([made.gsm8k]);
    for (const options of [
      { format: 'x' },
      { metric: 'x' },
      { split: { train: 0 } },
      { split: { test: 1.5 } },
    ]) {
      await expect(dataTask({ data, ...(options as object) })).rejects.toThrow(ConfigError);
    }
  });

  it.each([
    [{ promt: '{question}' }, /task has no option promt\. Did you mean prompt\?/],
    [{ data: { trian: 'x' } }, /data has no option trian\. Did you mean train\?/],
    [{ split: { tests: 5 } }, /split has no option tests\. Did you mean test\?/],
    [{ split: 5 }, /split takes options by name, such as \{ train: \.\.\. \}; given 5/],
    [{ cut: { feild: 'question', tokens: 5 } }, /cut has no option feild\. Did you mean field\?/],
  ])('refuses %o, which would mean nothing', async (options, message) => {
    const data = await file([made.gsm8k]);
    const error: unknown = await dataTask({ data, ...options } as never).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(message);
  });
});

describe('splitRows', () => {
  const rows = (n: number, from = 0) => Array.from({ length: n }, (_, i) => from + i);
  const counts = { train: 10, validation: 5, test: 10 };

  it('draws disjoint rows by seed, in their order', () => {
    const count = fc.nat(30);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        count,
        count,
        count,
        fc.nat(5),
        (n, train, validation, test, seed) => {
          const wanted = { train: train + 1, validation, test };
          const split = splitRows({ all: rows(n) }, wanted, ['x', seed]);
          const got = [split.train, split.validation, split.test];
          expect(new Set(got.flat()).size).toBe(got.flat().length);
          for (const part of got) expect(part).toEqual([...part].sort((a, b) => a - b));
          const sum = wanted.train + validation + test;
          if (sum <= n) expect(got.map((p) => p.length)).toEqual([wanted.train, validation, test]);
          else expect(got.flat().length).toBe(n);
          expect(splitRows({ all: rows(n) }, wanted, ['x', seed])).toEqual(split);
        },
      ),
    );
    const draw = (seed: number) => splitRows({ all: rows(100) }, counts, ['x', seed]).train;
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('keeps to the files of a split, and divides the training rows when there are none of validation', () => {
    const split = splitRows({ train: rows(30), test: rows(20, 100) }, counts, ['x', 0]);
    expect([...split.train, ...split.validation].every((r) => r < 30)).toBe(true);
    expect(split.test.every((r) => r >= 100)).toBe(true);
    expect(split.test.length).toBe(10);
    const own = splitRows({ train: rows(8), validation: rows(3, 50), test: rows(2, 100) }, counts, ['x', 0]);
    expect([own.train, own.validation, own.test]).toEqual([rows(8), rows(3, 50), rows(2, 100)]);
    expect(own.notes).toEqual([
      'train: 8 of 8 rows named train (10 were asked for)',
      'validation: 3 of 3 rows named validation (5 were asked for)',
      'test: 2 of 2 rows named test (10 were asked for)',
    ]);
  });

  it('trains on validation or test rows when there are no others', () => {
    const dev = splitRows({ validation: rows(30), test: rows(5, 100) }, counts, ['x', 0]);
    expect([dev.train.length, dev.validation.length, dev.test.length]).toEqual([10, 5, 5]);
    expect(new Set([...dev.train, ...dev.validation]).size).toBe(15);
    const test = splitRows({ test: rows(50) }, counts, ['x', 0]);
    expect(new Set([...test.train, ...test.validation, ...test.test]).size).toBe(25);
  });

  it('takes all there are for Infinity', () => {
    const split = splitRows({ all: rows(50) }, { train: Infinity, validation: 5, test: 10 }, ['x', 0]);
    expect([split.train.length, split.validation.length, split.test.length]).toEqual([35, 5, 10]);
  });
});

describe('templates', () => {
  const row = {
    where: 'row',
    fields: { a: 'A', n: 3, list: ['x', 'y'], deep: { b: 'B' }, braces: '{a}', none: null },
  };
  it.each([
    ['{a}-{n}', 'A-3'],
    ['{list} {list.1}', 'x y y'],
    ['{deep.b}', 'B'],
    ['{none|a}', 'A'],
    ['{{a}} {braces}', '{a} {a}'],
    ['a { b', 'a { b'],
  ])('%j', (template, text) => {
    expect(joined(fill(template, row))).toBe(text);
  });

  it('name their fields, and refuse those that are not there', () => {
    expect(fieldsOf('{a} {{b}} {c|d.0}')).toEqual(['a', 'c|d.0']);
    for (const bad of ['{z}', '{toString}', '{deep}', '{list.9}', '{a.length}', '{__proto__}']) {
      expect(() => fill(bad, row)).toThrow(FormatError);
    }
  });
});
