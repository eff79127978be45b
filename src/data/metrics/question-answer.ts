import type { Example, Scores } from '../task.ts';
import { mean, references } from './references.ts';

const articles = /(?<![\p{L}\p{N}_])(a|an|the)(?![\p{L}\p{N}_])/gu;

/** SQuAD's words of an answer: lower case, without ASCII punctuation and articles. */
export function answerWords(text: string): string[] {
  const plain = text.toLowerCase().replace(/[!-/:-@[-`{-~]/g, '');
  return plain.replace(articles, ' ').trim().split(/\s+/).filter(Boolean);
}

/** F1 of the words of an answer against those of a reference, each word counted as often as it occurs in both. */
export function answerF1(output: string, reference: string): number {
  const [given, wanted] = [answerWords(output), answerWords(reference)];
  const left = new Map<string, number>();
  for (const word of wanted) left.set(word, (left.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of given) {
    const n = left.get(word) ?? 0;
    if (n > 0) common++;
    left.set(word, n - 1);
  }
  return common === 0 ? 0 : (2 * common) / (given.length + wanted.length);
}

/**
 * Word F1 (primary) and exact match of short answers, each against the best of its references, after SQuAD's
 * normalisation. Source: Rajpurkar et al. 2016, as in MeZO's large_models/metrics.py.
 */
export function answerScores(outputs: readonly string[], examples: readonly Example[]): Scores {
  const each = outputs.map((output, i) =>
    Math.max(...references(examples, i).map((r) => answerF1(output, r))),
  );
  const exact = outputs.map((output, i) => {
    const words = answerWords(output).join(' ');
    return Number(references(examples, i).some((r) => answerWords(r).join(' ') === words));
  });
  return { primary: 'f1', values: { f1: mean(each), exactMatch: mean(exact) }, each };
}
