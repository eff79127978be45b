import { accuracyScores } from '../metrics/accuracy.ts';
import { exactMatchScores, finalNumberScores } from '../metrics/exact-match.ts';
import { humanEvalScores } from '../metrics/human-eval.ts';
import { mathScores } from '../metrics/math-answer.ts';
import { assertPython } from '../metrics/python-sandbox.ts';
import { answerScores } from '../metrics/question-answer.ts';
import { plainRougeScores, rougeScores } from '../metrics/rouge.ts';
import type { Example, Scores } from '../task.ts';

/** Scores outputs against their examples. */
export type Metric = (outputs: readonly string[], examples: readonly Example[]) => Scores | Promise<Scores>;

/**
 * Ways to score, by name: `rouge` (with stemming), `rouge-plain` (without), `exact-match`, `final-number` (GSM8K),
 * `math` (MATH), `answer` (word F1 over several references), `accuracy` (label at the start), `python` (HumanEval's tests).
 */
export const metrics = {
  rouge: rougeScores,
  'rouge-plain': plainRougeScores,
  'exact-match': exactMatchScores,
  'final-number': finalNumberScores,
  math: mathScores,
  answer: answerScores,
  accuracy: accuracyScores,
  python: humanEvalScores,
} satisfies Record<string, Metric>;

export type MetricName = keyof typeof metrics;

/** What has to be there before a metric can score; throws and says what is missing. */
export async function assertReady(metric: MetricName | Metric): Promise<void> {
  if (metric === 'python') await assertPython();
}
