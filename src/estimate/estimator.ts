import { inspect } from 'node:util';
import { ConfigError } from '../errors.ts';
import type { Names } from '../options.ts';
import { checkLaw, DEFAULT_RANK, type DirectionLaw } from './law.ts';

/**
 * How the projected gradient c, the directional derivative along u, is read off losses:
 * - `one-sided`: (L(w + eps u) - L(w)) / eps, the paper's; the clean loss is there anyway (SPSA with a baseline);
 * - `two-sided`: (L(w + eps u) - L(w - eps u)) / (2 eps), MeZO's; even orders of eps cancel;
 * - `one-point`: L(w + eps u) / eps, without a baseline. Unbiased too, and useless: L / eps drowns the derivative. It is here
 *   to show what the baseline is for.
 */
export type EstimatorName = 'one-sided' | 'two-sided' | 'one-point';

const names: readonly EstimatorName[] = ['one-sided', 'two-sided', 'one-point'];

/** What defines a ZO estimate g = (1/q) sum_i c_i u_i. */
export interface EstimatorOptions {
  /** Defaults to `one-sided`. */
  estimator?: EstimatorName;
  /** Perturbation scale; defaults to 1e-3. */
  epsilon?: number;
  /** Directions a step, q; defaults to 1. */
  queries?: number;
  /** Law of the directions; defaults to `gaussian`. */
  law?: DirectionLaw;
  /** Rank of `low-rank` directions; defaults to 2. */
  rank?: number;
}

/** Names of {@link EstimatorOptions}. */
export const estimatorNames = {
  ...{ estimator: true, epsilon: true, queries: true, law: true, rank: true },
} satisfies Names<EstimatorOptions>;

/** Estimator options with every default filled in. */
export type EstimatorSettings = Required<EstimatorOptions>;

/** Fills in the paper's defaults; throws ConfigError for what cannot be meant. */
export function estimatorSettings(options: EstimatorOptions = {}): EstimatorSettings {
  const {
    estimator = 'one-sided',
    epsilon = 1e-3,
    queries = 1,
    law = 'gaussian',
    rank = DEFAULT_RANK,
  } = options;
  if (!names.includes(estimator)) {
    const all = names.map((name) => `'${name}'`).join(', ');
    throw new ConfigError(`estimator is ${JSON.stringify(estimator)}; take one of ${all}.`);
  }
  if (!(epsilon > 0 && Number.isFinite(epsilon))) {
    throw new ConfigError(
      `epsilon is ${inspect(epsilon)}; it must be a positive number (the paper uses 1e-3).`,
    );
  }
  if (!Number.isSafeInteger(queries) || queries < 1) {
    throw new ConfigError(`queries is ${inspect(queries)}; it must be a whole number of at least 1.`);
  }
  checkLaw(law);
  if (!Number.isSafeInteger(rank) || rank < 1) {
    throw new ConfigError(`rank is ${inspect(rank)}; it must be a whole number of at least 1.`);
  }
  return { estimator, epsilon, queries, law, rank };
}

/** Losses along one direction; `minus` is the clean loss for the one-sided estimator and is not looked at by the one-point. */
export interface Probe {
  plus: number;
  minus: number;
}

/** The projected gradient of a probe. The difference is taken in float64. */
export function projectedGradient(s: EstimatorSettings, { plus, minus }: Probe): number {
  if (s.estimator === 'one-point') return plus / s.epsilon;
  return (plus - minus) / (s.estimator === 'two-sided' ? 2 * s.epsilon : s.epsilon);
}

/** Forward passes along directions that one estimate takes, not counting the clean one. */
export function perturbedPasses(s: EstimatorSettings): number {
  return s.queries * (s.estimator === 'two-sided' ? 2 : 1);
}
