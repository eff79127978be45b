import { passAtOneScores } from '../metrics/pass-at-one.ts';
import type { Task } from '../task.ts';
import { fn } from '../world/code.ts';
import { proceduralTask, type TaskOptions } from './procedural.ts';

/** Number of calls that each function is tested with. */
const testsPerFunction = 8;

/** Description to a one-line JavaScript function, scored by pass@1: the function is run on its tests in isolation. */
export function functionTask(options?: TaskOptions): Task {
  return proceduralTask(
    {
      name: 'function',
      kind: 'generation',
      description: 'Write a one-line JavaScript function for a description (pass@1).',
      maxNewTokens: 24,
      example(random) {
        const f = fn(random);
        const tests = Array.from({ length: testsPerFunction }, (_, i) => {
          const args = f.arguments(random, i);
          return { args, expected: f.run(...args) };
        });
        return { prompt: `Task: ${f.order}.\nCode:`, completion: ` ${f.code}`, meta: { tests } };
      },
      score: passAtOneScores,
    },
    options,
  );
}
