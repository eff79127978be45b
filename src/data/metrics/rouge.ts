import type { Example, Scores } from '../task.ts';
import { mean, references } from './references.ts';
import { stem } from './porter.ts';

/** Overlap of two texts: precision over the hypothesis, recall over the reference, and their harmonic mean. */
export interface Overlap {
  precision: number;
  recall: number;
  f1: number;
}

export interface Rouge {
  rouge1: Overlap;
  rouge2: Overlap;
  rougeL: Overlap;
}

/** Words as rouge_score sees them: runs of [a-z0-9] after lower-casing; with `stemming`, those over 3 characters are stemmed. */
export function rougeTokens(text: string, stemming: boolean): string[] {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return stemming ? words.map((w) => (w.length > 3 ? stem(w) : w)) : [...words];
}

function overlap(common: number, reference: number, hypothesis: number): Overlap {
  const precision = common / Math.max(hypothesis, 1);
  const recall = common / Math.max(reference, 1);
  return { precision, recall, f1: common > 0 ? (2 * precision * recall) / (precision + recall) : 0 };
}

function countNgrams(tokens: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= tokens.length; i++) {
    const key = tokens.slice(i, i + n).join(' ');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function ngramOverlap(reference: readonly string[], hypothesis: readonly string[], n: number): Overlap {
  const ours = countNgrams(hypothesis, n);
  let common = 0;
  for (const [key, count] of countNgrams(reference, n)) common += Math.min(count, ours.get(key) ?? 0);
  return overlap(common, Math.max(0, reference.length - n + 1), Math.max(0, hypothesis.length - n + 1));
}

/** Length of the longest common subsequence, in O(n m) time and O(m) memory. */
function commonSubsequence(a: readonly string[], b: readonly string[]): number {
  const row = new Int32Array(b.length + 1);
  for (const word of a) {
    let diagonal = 0;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j]!;
      row[j] = word === b[j - 1] ? diagonal + 1 : Math.max(above, row[j - 1]!);
      diagonal = above;
    }
  }
  return row[b.length]!;
}

/**
 * ROUGE-1, ROUGE-2 and ROUGE-L (whole text, no sentence split) of a hypothesis against one reference, equal to Google's
 * rouge_score 0.1.2. Stemming is on by default. An empty text scores 0.
 */
export function rouge(reference: string, hypothesis: string, options: { stemming?: boolean } = {}): Rouge {
  const [a, b] = [reference, hypothesis].map((text) => rougeTokens(text, options.stemming ?? true)) as [
    string[],
    string[],
  ];
  return {
    rouge1: ngramOverlap(a, b, 1),
    rouge2: ngramOverlap(a, b, 2),
    rougeL: overlap(commonSubsequence(a, b), a.length, b.length),
  };
}

/** Mean ROUGE F1 with stemming over outputs, each against its best reference; primary is `rougeL`. */
export function rougeScores(outputs: readonly string[], examples: readonly Example[]): Scores {
  const names = ['rouge1', 'rouge2', 'rougeL'] as const;
  const best = outputs.map((output, i) => {
    const all = references(examples, i).map((reference) => rouge(reference, output));
    return names.map((name) => Math.max(...all.map((r) => r[name].f1)));
  });
  const values = Object.fromEntries(names.map((name, k) => [name, mean(best.map((row) => row[k]!))]));
  return { primary: 'rougeL', values, each: best.map((row) => row[2]!) };
}
