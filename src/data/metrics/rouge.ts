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
  /** Longest common subsequence of the whole texts. */
  rougeL: Overlap;
  /** Union of longest common subsequences, sentence by sentence; a sentence is a line. */
  rougeLsum: Overlap;
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

/** Positions in `a` of one longest common subsequence of a and b; where several exist, the one that rouge_score finds. */
function commonPositions(a: readonly string[], b: readonly string[]): number[] {
  const width = b.length + 1;
  const table = new Int32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => table[i * width + j]!;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      table[i * width + j] =
        a[i - 1] === b[j - 1] ? at(i - 1, j - 1) + 1 : Math.max(at(i - 1, j), at(i, j - 1));
    }
  }
  const positions: number[] = [];
  for (let i = a.length, j = b.length; i > 0 && j > 0;) {
    if (a[i - 1] === b[j - 1]) {
      positions.push(--i);
      j--;
    } else if (at(i, j - 1) > at(i - 1, j)) j--;
    else i--;
  }
  return positions;
}

const counted = (tokens: readonly string[]): Map<string, number> => countNgrams(tokens, 1);

/**
 * ROUGE-L of summaries: for every sentence of the reference, the words that it shares with any sentence of the hypothesis
 * in order, none counted more often than it occurs (Lin 2004, section 3.2).
 */
function summaryOverlap(reference: readonly string[][], hypothesis: readonly string[][]): Overlap {
  const [wanted, given] = [reference.flat(), hypothesis.flat()];
  const [leftWanted, leftGiven] = [counted(wanted), counted(given)];
  let hits = 0;
  for (const sentence of reference) {
    const union = new Set(hypothesis.flatMap((other) => commonPositions(sentence, other)));
    for (const position of union) {
      const word = sentence[position]!;
      const [a, b] = [leftWanted.get(word) ?? 0, leftGiven.get(word) ?? 0];
      if (a === 0 || b === 0) continue;
      leftWanted.set(word, a - 1);
      leftGiven.set(word, b - 1);
      hits++;
    }
  }
  return overlap(hits, wanted.length, given.length);
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
 * ROUGE-1, ROUGE-2, ROUGE-L (whole text) and ROUGE-Lsum (line by line) of a hypothesis against one reference, equal to
 * Google's rouge_score 0.1.2. Stemming is on by default. An empty text scores 0.
 */
export function rouge(reference: string, hypothesis: string, options: { stemming?: boolean } = {}): Rouge {
  const { stemming = true } = options;
  const a = rougeTokens(reference, stemming);
  const b = rougeTokens(hypothesis, stemming);
  const lines = (text: string) => text.split('\n').map((line) => rougeTokens(line, stemming));
  const rougeL = overlap(commonSubsequence(a, b), a.length, b.length);
  const oneLine = !reference.includes('\n') && !hypothesis.includes('\n');
  return {
    rouge1: ngramOverlap(a, b, 1),
    rouge2: ngramOverlap(a, b, 2),
    rougeL,
    rougeLsum: oneLine ? rougeL : summaryOverlap(lines(reference), lines(hypothesis)),
  };
}

const names = ['rouge1', 'rouge2', 'rougeL', 'rougeLsum'] as const;

function meanRouge(outputs: readonly string[], examples: readonly Example[], stemming: boolean): Scores {
  const best = outputs.map((output, i) => {
    const all = references(examples, i).map((reference) => rouge(reference, output, { stemming }));
    return names.map((name) => Math.max(...all.map((r) => r[name].f1)));
  });
  const values = Object.fromEntries(names.map((name, k) => [name, mean(best.map((row) => row[k]!))]));
  return { primary: 'rougeL', values, each: best.map((row) => row[2]!) };
}

/** Mean ROUGE F1 with stemming over outputs, each against its best reference; primary is `rougeL`. */
export function rougeScores(outputs: readonly string[], examples: readonly Example[]): Scores {
  return meanRouge(outputs, examples, true);
}

/** The same without stemming, which is what `evaluate.load('rouge')` of Hugging Face, and so GreenTrainer, computes. */
export function plainRougeScores(outputs: readonly string[], examples: readonly Example[]): Scores {
  return meanRouge(outputs, examples, false);
}
