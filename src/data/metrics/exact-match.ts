import type { Example, Scores } from '../task.ts';
import { mean, references, rightOrWrong } from './references.ts';

const normal = (text: string): string => text.trim().replace(/\s+/g, ' ');

/** Share of outputs that equal a reference, white space at the ends and its kind aside. */
export function exactMatchScores(outputs: readonly string[], examples: readonly Example[]): Scores {
  const right = outputs.map((output, i) => references(examples, i).some((r) => normal(r) === normal(output)));
  return rightOrWrong('exactMatch', right);
}

const cleaned = (digits: string): string => digits.replaceAll(/[,$]/g, '').replace(/\.$/, '');

/** The number after the first `#### `, without thousands commas, as GSM8K's own scorer reads it; undefined when there is none. */
export function finalNumber(text: string): string | undefined {
  const digits = cleaned(/#### (-?[0-9.,]+)/.exec(text)?.[1] ?? '');
  return digits === '' || Number.isNaN(Number(digits)) ? undefined : digits;
}

/** The last number anywhere in a text, as lm-evaluation-harness's `flexible-extract` reads it; undefined when there is none. */
export function lastNumber(text: string): string | undefined {
  const found = text.match(/-?[$0-9.,]{2,}|-?[0-9]+/g)?.at(-1);
  return found === undefined ? undefined : cleaned(found);
}

/**
 * GSM8K's two scores. `exactMatch` (primary) wants the reference's number after `####`; `flexibleMatch` takes the last
 * number of the output, wherever it stands. Numbers are compared as text, without commas, dollar signs and a final stop.
 * Source: lm-evaluation-harness, lm_eval/tasks/gsm8k/gsm8k.yaml (strict-match and flexible-extract).
 */
export function finalNumberScores(outputs: readonly string[], examples: readonly Example[]): Scores {
  const gold = outputs.map((_, i) => references(examples, i).map(finalNumber));
  const right = (read: (text: string) => string | undefined) =>
    outputs.map((output, i) => {
      const given = read(output);
      return Number(given !== undefined && gold[i]!.includes(given));
    });
  const [each, flexible] = [right(finalNumber), right(lastNumber)];
  return {
    primary: 'exactMatch',
    values: { exactMatch: mean(each), flexibleMatch: mean(flexible) },
    each,
  };
}
