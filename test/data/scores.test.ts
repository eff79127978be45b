import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { finalNumberScores } from '../../src/data/metrics/exact-match.ts';
import { boxed, mathAnswer, mathScores, sameMath } from '../../src/data/metrics/math-answer.ts';
import { answerF1, answerScores, answerWords } from '../../src/data/metrics/question-answer.ts';
import { rouge } from '../../src/data/metrics/rouge.ts';
import { readJson } from '../goldens.ts';

type Triple = [precision: number, recall: number, f1: number];

/** Made by scripts/goldens-scores.py with the scorers of others. */
const golden = readJson<{
  rougeLsum: { reference: string; hypothesis: string; stem: Triple; plain: Triple }[];
  math: { answers: string[]; equal: [string, string][]; extracted: [string, string][] };
  gsm8k: [output: string, strict: string, flexible: string][];
  squad: {
    f1: [output: string, reference: string, f1: number, exact: number][];
    words: [string, string[]][];
  };
}>(join(import.meta.dirname, '..', 'goldens', 'scores.json'));

const example = (completion: string, references?: string[]) => ({ prompt: '', completion, references });

describe('ROUGE-Lsum', () => {
  it('equals rouge_score with and without stemming', () => {
    expect(golden.rougeLsum.length).toBeGreaterThan(60);
    for (const { reference, hypothesis, stem, plain } of golden.rougeLsum) {
      for (const [stemming, triple] of [
        [true, stem],
        [false, plain],
      ] as const) {
        const { precision, recall, f1 } = rouge(reference, hypothesis, { stemming }).rougeLsum;
        [precision, recall, f1].forEach((x, i) => expect(x).toBeCloseTo(triple[i]!, 12));
      }
    }
  });
});

describe("MATH's rules", () => {
  const { answers, equal, extracted } = golden.math;

  it('call the same pairs equal as hendrycks/math does', () => {
    const same = answers.flatMap((a, i) =>
      answers.slice(i + 1).flatMap((b) => (sameMath(a, b) ? [[a, b]] : [])),
    );
    expect(same).toEqual(equal);
    expect(equal.length).toBeGreaterThan(20);
    for (const a of answers) expect(sameMath(a, a)).toBe(true);
  });

  it('find what is boxed', () => {
    for (const [solution, answer] of extracted) expect(boxed(solution)).toBe(answer);
    for (const none of ['', 'none', 'an open \\boxed{3', '\\boxed']) expect(boxed(none)).toBeUndefined();
  });

  it.each([
    ['thus \\[ x + 1 \\] holds', 'x + 1'],
    ['it is $5$', '5'],
    ['from $a$ to $b$', 'a$ to $b'],
    ['one $ only', 'one $ only'],
    ['5', '5'],
  ])('fall back from the box: %j -> %j', (text, answer) => {
    expect(mathAnswer(text)).toBe(answer);
  });

  it('score outputs against meta.answer or the boxed answer of the solution', () => {
    const solution = { prompt: '', completion: 'So it is $\\boxed{\\dfrac{3}{4}}$.' };
    const given = { ...solution, meta: { answer: '5' } };
    expect(mathScores(['\\boxed{3/4}', 'maybe $5$'], [solution, given]).each).toEqual([1, 1]);
    expect(mathScores(['\\boxed{4/3}', ''], [solution, given]).each).toEqual([0, 0]);
  });
});

describe("GSM8K's rules", () => {
  it.each(golden.gsm8k)('of %j as in lm-evaluation-harness', (output, strict, flexible) => {
    // a reference that is what the harness extracts must score 1, another 0
    const score = (answer: string) => finalNumberScores([output], [example(`#### ${answer}`)]).values;
    const isNumber = (text: string) => text !== '' && !Number.isNaN(Number(text));
    if (isNumber(strict)) expect(score(strict).exactMatch).toBe(1);
    if (isNumber(flexible)) expect(score(flexible).flexibleMatch).toBe(1);
    expect(score('987654')).toEqual({ exactMatch: 0, flexibleMatch: 0 });
    if (!isNumber(strict) && isNumber(flexible)) expect(score(flexible).exactMatch).toBe(0);
  });
});

describe('short answers', () => {
  it("have SQuAD's words and scores", () => {
    for (const [text, words] of golden.squad.words) expect(answerWords(text), text).toEqual(words);
    for (const [output, reference, f1, exact] of golden.squad.f1) {
      const empty = answerWords(reference).length === 0 && answerWords(output).length === 0;
      if (!empty) expect(answerF1(output, reference), `${output} | ${reference}`).toBeCloseTo(f1, 12);
      expect(answerScores([output], [example(reference)]).values.exactMatch).toBe(exact);
    }
  });

  it('count against the best of several references', () => {
    const all = [example('x', ['Jamaican English', 'Patois'])];
    expect(answerScores(['the patois!'], all)).toEqual({
      primary: 'f1',
      values: { f1: 1, exactMatch: 1 },
      each: [1],
    });
    expect(answerScores(['english'], all).each[0]).toBeCloseTo(2 / 3);
  });
});
