import { availableParallelism } from 'node:os';
import { EngineError } from '../errors.ts';

/** More threads than this wait for each other more than they compute. */
const MOST = 64;

/**
 * Threads of the engines on wasm: what was asked for, or else `HI_ZFO_THREADS`, or else one a processor, at most 8, since more wait
 * for memory more than they compute.
 * @throws EngineError when what was asked for is no whole number from 1 to 64
 */
export function threadCount(asked?: number, environment: NodeJS.ProcessEnv = process.env): number {
  const said = environment.HI_ZFO_THREADS;
  const isValid = (n: number) => Number.isInteger(n) && n >= 1 && n <= MOST;
  if (asked !== undefined) {
    if (isValid(asked)) return asked;
    throw new EngineError(`threads is ${asked}; give a whole number from 1 to ${MOST}.`);
  }
  if (!said) return Math.min(8, availableParallelism());
  if (isValid(Number(said))) return Number(said);
  throw new EngineError(
    `HI_ZFO_THREADS is "${said}"; set it to a whole number from 1 to ${MOST}, or unset it for one thread a processor (at most 8).`,
  );
}
