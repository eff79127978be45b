import { describe, expect, it } from 'vitest';
import { accuracyScores } from '../../src/data/metrics/accuracy.ts';
import { exactMatchScores, finalNumber, finalNumberScores } from '../../src/data/metrics/exact-match.ts';
import { ConfigError } from '../../src/errors.ts';

const example = (completion: string, references?: string[]) => ({ prompt: 'p', completion, references });

describe('final number', () => {
  it.each([
    ['2+3=5 #### 5', '5'],
    ['so\n#### 1,234', '1234'],
    ['#### -7.', '-7'],
    ['####12', undefined],
    ['#### 3 and then #### 4', '3'],
    ['#### $5', undefined],
    ['#### .', undefined],
    ['the answer is 5', undefined],
    ['', undefined],
  ])('of %j is %j', (text, expected) => {
    expect(finalNumber(text)).toBe(expected);
  });

  it('is compared as text, and the last number of all is the flexible score', () => {
    const examples = ['#### 5', '#### 5', '#### 5', '#### 5'].map((c) => example(c));
    const scores = finalNumberScores(['1+4=5 #### 5', '#### 5.0', '#### 6', '5'], examples);
    expect(scores).toEqual({
      primary: 'exactMatch',
      values: { exactMatch: 0.25, flexibleMatch: 0.5 },
      each: [1, 0, 0, 0],
    });
  });
});

describe('exact match', () => {
  it('lets white space differ and nothing else', () => {
    const examples = [' a  b', ' a b', ' a b'].map((c) => example(c));
    expect(exactMatchScores(['a b\n', 'a B', ''], examples).each).toEqual([1, 0, 0]);
  });

  it('accepts any reference', () => {
    expect(exactMatchScores(['c'], [example('a', ['b', 'c'])]).each).toEqual([1]);
  });

  it('needs an example for each output', () => {
    expect(() => exactMatchScores(['a', 'b'], [example('a')])).toThrow(ConfigError);
  });
});

describe('accuracy', () => {
  it('wants the label as a whole first word', () => {
    const outputs = [' joy', 'joy.', 'joy and more', 'joyful', 'no joy', ''];
    const scores = accuracyScores(
      outputs,
      outputs.map(() => example(' joy')),
    );
    expect(scores.each).toEqual([1, 1, 1, 0, 0, 0]);
    expect(scores.values.accuracy).toBe(0.5);
  });

  it('of nothing is 0', () => {
    expect(accuracyScores([], []).values.accuracy).toBe(0);
  });
});
