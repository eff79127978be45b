import type { Example, Scores } from '../data/task.ts';

/** Text that a model produced for held-out examples, and how it scored. */
export interface Evaluation {
  /** Steps done when it was made. */
  step: number;
  /** Mean loss over the supervised tokens of the same examples. */
  loss: number;
  scores: Scores;
  examples: readonly Example[];
  outputs: readonly string[];
}
