import { describe, expect, it } from 'vitest';
import { encodeExample } from '../../src/data/encode.ts';
import { tasks } from '../../src/data/tasks/index.ts';
import { loadTokenizer } from '../../src/data/tokenizer.ts';
import { ConfigError } from '../../src/errors.ts';

describe.each(Object.entries(tasks))('task %s', (name, make) => {
  it('has its name, 1000 training and 200 test examples, no prompt twice', () => {
    const task = make();
    expect(task.name).toBe(name);
    expect([task.train.length, task.test.length]).toEqual([1000, 200]);
    const prompts = [...task.train, ...task.test].map((e) => e.prompt);
    expect(new Set(prompts).size).toBe(1200);
  });

  it('depends on the seed alone, and its test split not on the number of training examples', () => {
    expect(make({ seed: 5 }).train).toEqual(make({ seed: 5 }).train);
    expect(make({ seed: 5 }).train).not.toEqual(make({ seed: 6 }).train);
    expect(make({ seed: 5, train: 10 }).test).toEqual(make({ seed: 5 }).test);
  });

  it('scores its own completions 1 and empty outputs 0', async () => {
    const task = make({ train: 0, test: 60 });
    const gold = await task.score(
      task.test.map((e) => e.completion),
      task.test,
    );
    expect(gold.values[gold.primary]).toBe(1);
    expect(gold.each).toEqual(task.test.map(() => 1));
    const none = await task.score(
      task.test.map(() => ''),
      task.test,
    );
    expect(none.values[none.primary]).toBe(0);
  });

  it('scores completions of other examples low', async () => {
    const task = make({ train: 0, test: 100 });
    const shifted = task.test.map((_, i) => task.test[(i + 1) % 100]!.completion);
    const scores = await task.score(shifted, task.test);
    expect(scores.values[scores.primary]).toBeLessThan(0.5);
  });

  it('fits 96 tokens, and its completions fit maxNewTokens', async () => {
    const tokenizer = await loadTokenizer('models/tiny');
    const task = make();
    for (const example of [...task.train, ...task.test]) {
      const { ids, supervised } = encodeExample(tokenizer, example, 1000);
      expect(ids.length).toBeLessThanOrEqual(96);
      expect(ids.length - supervised[0]![0]).toBeLessThanOrEqual(task.maxNewTokens);
    }
  });

  it('rejects counts that are no whole numbers', () => {
    expect(() => make({ train: -1 })).toThrow(ConfigError);
    expect(() => make({ test: 1.5 })).toThrow(/test .*1\.5/);
  });
});
