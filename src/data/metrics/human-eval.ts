import { ConfigError } from '../../errors.ts';
import type { Example, Scores } from '../task.ts';
import { type PythonOptions, runPythonPrograms } from './python-sandbox.ts';
import { rightOrWrong } from './references.ts';

/** The program that a completion of HumanEval is judged by, as in openai/human-eval, execution.py. */
export function checkProgram(example: Example, completion: string): string {
  const { test, entryPoint } = example.meta ?? {};
  if (typeof test !== 'string' || typeof entryPoint !== 'string') {
    throw new ConfigError(
      'pass@1 in Python needs meta.test (the tests) and meta.entryPoint (the name of the function) of each example.',
    );
  }
  return `${example.prompt}${completion}\n${test}\ncheck(${entryPoint})`;
}

/** Share of outputs that, put after their prompt, pass the tests of their example; Python runs them in isolation. */
export async function humanEvalScores(
  outputs: readonly string[],
  examples: readonly Example[],
  options: PythonOptions = {},
): Promise<Scores> {
  const programs = outputs.map((output, i) => checkProgram(examples[i]!, output));
  return rightOrWrong('pass@1', await runPythonPrograms(programs, options));
}

/**
 * Unbiased estimate of pass@k from n samples of which c are right: 1 - C(n - c, k) / C(n, k) (Chen et al. 2021, equation 1).
 * Throws ConfigError unless 1 <= k <= n and 0 <= c <= n.
 */
export function passAtK(n: number, c: number, k: number): number {
  if (![n, c, k].every(Number.isSafeInteger) || k < 1 || k > n || c < 0 || c > n) {
    throw new ConfigError(`pass@${k} of ${n} samples with ${c} right: give 1 <= k <= n and 0 <= c <= n.`);
  }
  let fails = 1; // chance that k samples drawn without replacement are all wrong
  for (let i = 0; i < k; i++) fails *= Math.max(0, n - c - i) / (n - i);
  return 1 - fails;
}
