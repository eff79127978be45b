import { runInThisContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/data/random.ts';
import { loadTokenizer } from '../../src/data/tokenizer.ts';
import { problem } from '../../src/data/world/arithmetic.ts';
import { fn } from '../../src/data/world/code.ts';
import { document, pretrainingTokens } from '../../src/data/world/index.ts';
import type { Person } from '../../src/data/world/lexicon.ts';
import { dialogue, kinds, scene, transcript } from '../../src/data/world/scenes.ts';

const documents = (seed: number, total: number): string[] =>
  Array.from({ length: total }, (_, i) => document(seed, i));

describe('world', () => {
  it('writes the same text for the same seed and other text for another', () => {
    expect(documents(7, 200)).toEqual(documents(7, 200));
    expect(documents(7, 200)).not.toEqual(documents(8, 200));
    expect(document(7, 150)).toBe(documents(7, 200)[150]);
  });

  it('is varied: of 5000 documents hardly any is written twice', () => {
    expect(new Set(documents(1, 5000)).size).toBeGreaterThan(4900);
  });

  it('never shows the formats of the fine-tuning tasks', () => {
    const text = documents(2, 5000).join('\n\n');
    for (const marker of [
      'Dialogue:',
      'Summary:',
      'Answer:',
      'Question:',
      'Mood of',
      'Sentence:',
      'Task:',
      'Code:',
    ]) {
      expect(text).not.toContain(marker);
    }
    expect(text).not.toMatch(/ #### \d/);
  });

  it('settles in each dialogue every fact of its scene', () => {
    for (let i = 0; i < 400; i++) {
      const random = new Random('scene', i);
      const s = scene(random, kinds[i % kinds.length]);
      const turns = dialogue(random, s);
      const text = transcript(turns);
      const { kind, ...facts } = s.facts;
      expect(turns.length).toBeGreaterThanOrEqual(3);
      for (const fact of Object.values(facts)) {
        expect(text, kind).toContain(typeof fact === 'object' ? (fact as Person).name : String(fact));
      }
    }
  });

  it('states problems whose steps are right, follow from one another and stay in 0..99', () => {
    for (let i = 0; i < 2000; i++) {
      const p = problem(new Random('problem', i));
      const results = {
        '+': (a: number, b: number) => a + b,
        '-': (a: number, b: number) => a - b,
        '*': Math.imul,
      };
      for (const [k, s] of p.steps.entries()) {
        expect(s.value).toBe(results[s.sign](s.left, s.right));
        expect(s.value).toBeGreaterThanOrEqual(0);
        expect(s.value).toBeLessThan(100);
        if (k > 0) expect(s.left).toBe(p.steps[k - 1]!.value);
        expect(p.story).toContain(String(s.right));
      }
      expect(p.answer).toBe(p.steps.at(-1)!.value);
    }
  });

  it('describes functions by code that does what `run` does', () => {
    for (let i = 0; i < 500; i++) {
      const random = new Random('fn', i);
      const f = fn(random);
      const code = runInThisContext(f.code) as (...args: unknown[]) => unknown;
      for (let k = 0; k < 8; k++) {
        const args = f.arguments(random, k);
        expect(code(...args), f.code).toEqual(f.run(...args));
      }
    }
  });

  it('gives pretraining tokens that are whole documents, each ended, and a prefix of a longer run', async () => {
    const tokenizer = await loadTokenizer('models/tiny');
    const long = pretrainingTokens(tokenizer, 3, 4000);
    expect(pretrainingTokens(tokenizer, 3, 1500)).toEqual(long.slice(0, 1500));
    const end = long.indexOf(tokenizer.eos);
    expect(tokenizer.decode([...long.slice(0, end)])).toBe(document(3, 0));
    const second = long.indexOf(tokenizer.eos, end + 1);
    expect(tokenizer.decode([...long.slice(end + 1, second)])).toBe(document(3, 1));
  });
});
