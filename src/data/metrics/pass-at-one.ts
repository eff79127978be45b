import { ConfigError } from '../../errors.ts';
import type { Example, Scores } from '../task.ts';
import { rightOrWrong } from './references.ts';
import { type Candidate, runCandidates } from './sandbox.ts';

function testsOf(example: Example | undefined, i: number): Candidate['tests'] {
  const tests = example?.meta?.tests;
  if (!Array.isArray(tests) || tests.length === 0) {
    throw new ConfigError(
      `Example ${i} has no tests; pass@1 needs meta.tests, a list of { args, expected }.`,
    );
  }
  return tests as Candidate['tests'];
}

/** Share of outputs that are a JavaScript function expression which passes the tests in `meta.tests` of its example. */
export async function passAtOneScores(
  outputs: readonly string[],
  examples: readonly Example[],
): Promise<Scores> {
  const candidates = outputs.map((code, i) => ({ code, tests: testsOf(examples[i], i) }));
  return rightOrWrong('pass@1', await runCandidates(candidates));
}
