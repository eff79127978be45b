import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stem } from '../../src/data/metrics/porter.ts';
import { rouge, rougeScores, rougeTokens } from '../../src/data/metrics/rouge.ts';
import { sharedPath } from '../shared.ts';

type Triple = [precision: number, recall: number, f1: number];
type Scores = Record<'rouge1' | 'rouge2' | 'rougeL', Triple>;
interface Row {
  source: string;
  row: number;
  reference: string;
  hypothesis: string;
  reference_text?: string;
  hypothesis_text?: string;
  reference_sha256: string;
  hypothesis_sha256: string;
  stem: Scores;
  plain: Scores;
  tokens_stem: [string[], string[]];
}

function expectScores(reference: string, hypothesis: string, row: Row): void {
  for (const stemming of [true, false]) {
    const got = rouge(reference, hypothesis, { stemming });
    for (const [name, triple] of Object.entries(stemming ? row.stem : row.plain) as [
      keyof Scores,
      Triple,
    ][]) {
      const { precision, recall, f1 } = got[name];
      [precision, recall, f1].forEach((value, i) => {
        expect(Math.abs(value - triple[i]!), `${name} of "${hypothesis}"`).toBeLessThan(1e-12);
      });
    }
  }
}

const goldenPath = sharedPath('goldens-metrics', 'rouge.json');
const dialogs = sharedPath('data', 'dialogsum', 'test.jsonl');

describe.skipIf(!goldenPath)('ROUGE against rouge_score 0.1.2 (skipped without its golden values)', () => {
  const golden = (goldenPath ? JSON.parse(readFileSync(goldenPath, 'utf8')) : {}) as {
    rows: Row[];
    edge: Row[];
    stems: Record<string, string>;
  };

  it('stems every golden word as NLTK does', () => {
    const words = Object.entries(golden.stems).filter(([word]) => word.length > 3);
    expect(words.length).toBeGreaterThan(1000);
    for (const [word, expected] of words) expect(stem(word), word).toBe(expected);
  });

  it('equals it on edge cases, tokens included', () => {
    expect(golden.edge.length).toBeGreaterThan(20);
    for (const row of golden.edge) {
      expectScores(row.reference_text!, row.hypothesis_text!, row);
      expect([row.reference_text!, row.hypothesis_text!].map((t) => rougeTokens(t, true))).toEqual(
        row.tokens_stem,
      );
    }
  });

  it('equals it on SciTLDR pairs', () => {
    const rows = golden.rows.filter((row) => row.reference_text !== undefined);
    expect(rows.length).toBe(100);
    for (const row of rows) expectScores(row.reference_text!, row.hypothesis_text!, row);
  });

  it.skipIf(!dialogs)('equals it on DialogSum pairs (skipped without the data)', () => {
    const lines = readFileSync(dialogs!, 'utf8').trim().split('\n');
    const rows = golden.rows.filter((row) => row.source.startsWith('dialogsum'));
    expect(rows.length).toBe(100);
    for (const row of rows) {
      const fields = JSON.parse(lines[row.row]!) as Record<string, string>;
      const [reference, hypothesis] = [fields[row.reference]!, fields[row.hypothesis]!];
      expect(createHash('sha256').update(reference).digest('hex')).toBe(row.reference_sha256);
      expectScores(reference, hypothesis, row);
    }
  });
});

describe('rouge', () => {
  it('counts overlapping words, pairs and the longest common subsequence', () => {
    const { rouge1, rouge2, rougeL } = rouge('the cat sat on the mat', 'the mat sat', { stemming: false });
    expect(rouge1).toEqual({ precision: 1, recall: 0.5, f1: 2 / 3 });
    expect(rouge2.f1).toBeCloseTo((2 * 0.5 * 0.2) / 0.7);
    expect(rougeL.f1).toBeCloseTo((2 * (2 / 3) * (2 / 6)) / (2 / 3 + 2 / 6));
  });

  it('stems by default', () => {
    expect(rouge('she was running', 'she was runs').rouge1.f1).toBe(1);
    expect(['skies', 'dying', 'enjoying', 'happily', 'used', 'relational'].map(stem)).toEqual([
      'sky',
      'die',
      'enjoy',
      'happili',
      'use',
      'relat',
    ]);
  });

  it('takes the best of several references', () => {
    const examples = [{ prompt: '', completion: 'a b', references: ['x y', 'c d'] }];
    expect(rougeScores(['c d'], examples).values).toEqual({ rouge1: 1, rouge2: 1, rougeL: 1, rougeLsum: 1 });
    expect(rougeScores(['a b'], examples).each).toEqual([0]);
  });
});
