import { ConfigError } from '../errors.ts';
import type { EstimatorName } from '../estimate/index.ts';
import type { Objective } from './objective.ts';
import { estimate, root, type Measured } from './statistics.ts';

/** Query number of the lines. */
const QUERY = 0x80000003;
/** Losses on a line, and their distance as a share of epsilon. */
const POINTS = 8;
const GAP = 0.02;
/** Orders of differences that are used: lower ones see the loss bend, higher ones have few values. */
const ORDERS = [3, 4, 5];

/** How exact a loss is. */
export interface RoundingReport {
  /** Standard deviation of the rounding error of one loss. */
  loss: Measured;
  /** The loss it was measured at. */
  at: number;
  /** Forward passes taken: the price. */
  forwards: number;
}

/**
 * The rounding error of a loss near w + epsilon u, from tables of differences (Moré and Wild, Estimating computational noise,
 * SIAM J. Sci. Comput. 33, 2011): a smooth function's differences of order k vanish, those of noise of size s grow to
 * s sqrt((2k)! / k!^2). Repeating a loss at the same place would show nothing, as it is the same to the bit.
 * Price: 8 forward passes a line.
 */
export async function measureRounding(
  objective: Objective,
  { epsilon = 1e-3, lines = 8, seed = 0 } = {},
): Promise<RoundingReport> {
  if (!Number.isSafeInteger(lines) || lines < 2)
    throw new ConfigError(`lines is ${lines}; take a whole number from 2 on.`);
  const variances: number[] = [];
  let at = NaN;
  try {
    for (let i = 0; i < lines; i++) {
      const u = { seed, step: i, query: QUERY, law: 'gaussian' as const };
      const losses: number[] = [];
      for (let k = 0; k < POINTS; k++) losses.push(await objective.loss(u, epsilon * (1 + GAP * k)));
      at = losses[0]!;
      variances.push(noiseVariance(losses));
    }
  } finally {
    objective.release?.();
  }
  return { loss: root(estimate(variances)), at, forwards: lines * POINTS };
}

/** Variance of the noise on equally spaced values of a smooth function. */
export function noiseVariance(values: readonly number[]): number {
  let row = [...values];
  const found: number[] = [];
  let factor = 1; // (2k)! / k!^2
  for (let k = 1; k <= Math.max(...ORDERS); k++) {
    row = row.slice(1).map((x, i) => x - row[i]!);
    factor *= (2 * (2 * k - 1)) / k;
    if (ORDERS.includes(k)) found.push(row.reduce((s, x) => s + x * x, 0) / row.length / factor);
  }
  return found.reduce((s, x) => s + x, 0) / found.length;
}

/** K that the rounding error `delta` of a loss adds: two errors over epsilon one-sided, half of that two-sided. */
export function roundingLaw(
  delta: number,
  epsilon: number,
  gradient2: number,
  estimator: EstimatorName,
): number {
  const errors = { 'one-sided': 2, 'two-sided': 1 / 2, 'one-point': 1 }[estimator];
  return (errors * delta ** 2) / epsilon ** 2 / gradient2;
}
