import { ConfigError, NonFiniteError } from '../errors.ts';
import {
  drawDirection,
  estimatorSettings,
  projectedGradient,
  type EstimatorOptions,
} from '../estimate/index.ts';
import { hessianVector } from './hessian.ts';
import type { Objective } from './objective.ts';
import { bendLaw } from './quadratic-laws.ts';
import { estimate, type Measured } from './statistics.ts';
import { dispose, inner } from './vectors.ts';

/** Query number of the directions that steps are tried along. */
const QUERY = 0x80000007;

/** What decides how far a step of plain descent along ZO estimates can lower the loss. */
export interface StepFacts {
  /** |g|^2 of the loss that is to be lowered. */
  gradient2: number;
  /** tr H. */
  trace: number;
  /** g'Hg / |g|^2, the curvature along the gradient. */
  along: number;
  /** What curvature and rounding add to the coefficient's square, relative to |g|^2; defaults to 0. */
  K?: number;
  /** Mini-batch noise tr(Sigma) / (B |g|^2); defaults to 0, the loss of the batch itself. */
  nu?: number;
}

/** The step of plain descent that lowers the loss most on average. All NaN where the loss bends down on average. */
export interface BestStep {
  /** Its rate: w - rate * g^. */
  rate: number;
  /** Mean decrease of the loss by one step. */
  decrease: number;
  /** How many times more the best step along the true gradient of the same batch lowers it. */
  slowdown: number;
}

/**
 * The best step on a quadratic, Gaussian directions. With E[g^] = g and E[g^'Hg^] = (1 + nu) |g|^2 C, where
 * C = (tr H (1 + K) + (q + 1) g'Hg / |g|^2) / q (method of MeZO's theorem 1; K to leading order), the mean decrease
 * eta |g|^2 - eta^2 / 2 (1 + nu) |g|^2 C is largest at eta = 1 / ((1 + nu) C), where it is |g|^2 / (2 (1 + nu) C). Along the true
 * gradient C is g'Hg / |g|^2. It does not depend on d, nor on the loss's scale when taken relative to the loss.
 */
export function bestStepLaw({ gradient2, trace, along, K = 0, nu = 0 }: StepFacts, q = 1): BestStep {
  const c = bendLaw({ d: Infinity, gradient2, trace: trace * (1 + K), along }, q, 'gaussian');
  if (!(c > 0)) return { rate: NaN, decrease: NaN, slowdown: NaN };
  const rate = 1 / ((1 + nu) * c);
  return { rate, decrease: (gradient2 * rate) / 2, slowdown: along > 0 ? c / along : NaN };
}

/** Curvature along the gradient, g'Hg / |g|^2, with |g|^2. Price: three gradients. */
export async function curvatureAlongGradient(
  objective: Objective,
): Promise<{ gradient2: number; along: number }> {
  const { engine } = objective;
  const { gradients } = await objective.gradient();
  try {
    const gradient2 = await inner(engine, gradients, gradients);
    const h = await hessianVector(objective, gradients);
    try {
      return { gradient2, along: (await inner(engine, gradients, h)) / gradient2 };
    } finally {
      dispose(h);
    }
  } finally {
    dispose(gradients);
    objective.release?.();
  }
}

/** Options of `tryStep`. */
export interface TryOptions extends Omit<EstimatorOptions, 'queries' | 'law' | 'rank'> {
  /** Rate of the step, e.g. that of `bestStepLaw`. */
  rate: number;
  /** Steps tried, each from the same weights; defaults to 16. */
  draws?: number;
  /** Seed of the directions; defaults to 0. */
  seed?: number;
  /** Ends the measurement with the steps so far; at least 2 are tried. */
  signal?: AbortSignal | undefined;
}

/**
 * Mean decrease of the loss by one step w - rate * c * u along Gaussian directions, tried from the same weights again and again;
 * nothing is changed. Price: 2 forward passes a step, 3 two-sided.
 */
export async function tryStep(objective: Objective, options: TryOptions): Promise<Measured> {
  const { rate, draws = 16, seed = 0, signal, ...given } = options;
  if (!Number.isFinite(rate)) throw new ConfigError(`The rate of the step is ${rate}; give a number.`);
  if (!Number.isSafeInteger(draws) || draws < 2)
    throw new ConfigError(`draws is ${draws}; take a whole number from 2 on.`);
  const settings = estimatorSettings(given);
  const { engine, parameters } = objective;
  const falls: number[] = [];
  try {
    const clean = await objective.lossAt();
    for (let i = 0; i < draws && !(signal?.aborted && i >= 2); i++) {
      const u = await drawDirection(engine, parameters, { seed, step: i, query: QUERY, law: 'gaussian' });
      const plus = await objective.loss(u, settings.epsilon);
      const minus = settings.estimator === 'two-sided' ? await objective.loss(u, -settings.epsilon) : clean;
      const c = projectedGradient(settings, { plus, minus });
      const fall = clean - (await objective.loss(u, -rate * c));
      if (!Number.isFinite(fall))
        throw new NonFiniteError(
          `Step ${i} at rate ${rate} changes the loss by ${fall}; take a smaller rate.`,
        );
      falls.push(fall);
      await new Promise(setImmediate);
    }
    return estimate(falls);
  } finally {
    objective.release?.();
  }
}
