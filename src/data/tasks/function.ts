import { passAtOneScores } from '../metrics/pass-at-one.ts';
import type { Random } from '../random.ts';
import type { Task } from '../task.ts';
import { fn, type Fn } from '../world/code.ts';
import { proceduralTask, type TaskOptions } from './procedural.ts';

/** Number of calls that each function is tested with. */
const testsPerFunction = 8;

/** Half of the two-step requests name the second step first. */
function request(random: Random, f: Fn): string {
  const [first, second] = f.orders;
  if (second === undefined) return first!;
  return random.chance(0.5) ? `${first}, then ${second}` : `${second} after you ${first}`;
}

/** Description to a one-line JavaScript function, scored by pass@1: the function is run on its tests in isolation. */
export function functionTask(options?: TaskOptions): Task {
  return proceduralTask(
    {
      name: 'function',
      kind: 'generation',
      description: 'Write a one-line JavaScript function for a description (pass@1).',
      maxNewTokens: 24,
      example(random) {
        // Two-step functions are the harder ones: another draw makes them about half of the task.
        let f = fn(random);
        if (f.orders.length === 1 && random.chance(0.5)) f = fn(random);
        const tests = Array.from({ length: testsPerFunction }, (_, i) => {
          const args = f.arguments(random, i);
          return { args, expected: f.run(...args) };
        });
        return { prompt: `Task: ${request(random, f)}.\nCode:`, completion: ` ${f.code}`, meta: { tests } };
      },
      score: passAtOneScores,
    },
    options,
  );
}
