import type { Example, Scores } from '../task.ts';
import { references, rightOrWrong } from './references.ts';

const normal = (text: string): string => text.trim().replace(/\s+/g, ' ');

/** Share of outputs that equal a reference, white space at the ends and its kind aside. */
export function exactMatchScores(outputs: readonly string[], examples: readonly Example[]): Scores {
  const right = outputs.map((output, i) => references(examples, i).some((r) => normal(r) === normal(output)));
  return rightOrWrong('exactMatch', right);
}

/** The number after the first `####`, without thousands commas, as GSM8K's own scorer reads it; undefined when there is none. */
export function finalNumber(text: string): string | undefined {
  const digits = /#### *(-?[0-9.,]+)/.exec(text)?.[1]?.replaceAll(',', '').replace(/\.$/, '');
  return digits === undefined || digits === '' || Number.isNaN(Number(digits)) ? undefined : digits;
}

/** Share of outputs whose number after `####` is that of a reference. */
export function finalNumberScores(outputs: readonly string[], examples: readonly Example[]): Scores {
  const right = outputs.map((output, i) => {
    const given = finalNumber(output);
    return (
      given !== undefined && references(examples, i).some((r) => Number(finalNumber(r)) === Number(given))
    );
  });
  return rightOrWrong('exactMatch', right);
}
