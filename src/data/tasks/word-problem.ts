import { finalNumberScores } from '../metrics/exact-match.ts';
import type { Task } from '../task.ts';
import { problem, stepText } from '../world/arithmetic.ts';
import { proceduralTask, type TaskOptions } from './procedural.ts';

/** Word problem to worked answer that ends in `#### N`, scored by exact match of N. */
export function wordProblem(options?: TaskOptions): Task {
  return proceduralTask(
    {
      name: 'word-problem',
      kind: 'generation',
      description: 'Work out a word problem of one or two steps (exact match of the number after ####).',
      maxNewTokens: 28,
      example(random) {
        const p = problem(random);
        return {
          prompt: `Question: ${p.story} ${p.question}\nAnswer:`,
          completion: ` ${p.steps.map(stepText).join(', ')} #### ${p.answer}`,
          meta: { answer: `${p.answer}` },
        };
      },
      score: finalNumberScores,
    },
    options,
  );
}
