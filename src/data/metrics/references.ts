import { ConfigError } from '../../errors.ts';
import type { Example, Scores } from '../task.ts';

/** The accepted texts of example i. Throws ConfigError when there is no such example. */
export function references(examples: readonly Example[], i: number): readonly string[] {
  const example = examples[i];
  if (!example) {
    throw new ConfigError(
      `There are more outputs than examples (${examples.length}); give one output per example.`,
    );
  }
  return example.references?.length ? example.references : [example.completion];
}

/** Arithmetic mean; 0 for no values. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, v) => sum + v, 0) / values.length;
}

/** Scores of one metric that is right or wrong for each output. */
export function rightOrWrong(name: string, right: readonly boolean[]): Scores {
  const each = right.map(Number);
  return { primary: name, values: { [name]: mean(each) }, each };
}
