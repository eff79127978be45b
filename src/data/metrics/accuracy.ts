import type { Example, Scores } from '../task.ts';
import { references, rightOrWrong } from './references.ts';

/** Share of outputs that start with the right label as a whole word; what a model adds after the label does not count. */
export function accuracyScores(outputs: readonly string[], examples: readonly Example[]): Scores {
  const right = outputs.map((output, i) => {
    const text = output.trim();
    return references(examples, i).some((reference) => {
      const label = reference.trim();
      return text.startsWith(label) && !/^[\p{L}\p{N}_]/u.test(text.slice(label.length));
    });
  });
  return rightOrWrong('accuracy', right);
}
