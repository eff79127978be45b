import type { Tensor } from '@tensorflow/tfjs';
import { tf } from '../engine/tf.ts';
import { ConfigError, NonFiniteError } from '../errors.ts';
import {
  combine,
  estimatorSettings,
  keyOf,
  projectedGradient,
  type Direction,
  type EstimatorOptions,
  type EstimatorSettings,
} from '../estimate/index.ts';
import type { Parameter } from '../model/parameters.ts';
import { cosineLaw, secondMomentLaw, tensorLaw } from './laws.ts';
import type { Objective } from './objective.ts';
import { estimate, type Measured } from './statistics.ts';

/** Query number of these draws; training counts from 0, so no weight has ever moved along one of them. */
const QUERY = 0x80000000;

/** Options of a variance measurement. */
export interface VarianceOptions extends Omit<EstimatorOptions, 'queries'> {
  /** Directions drawn; defaults to 64. Estimates with q queries use disjoint groups of q. */
  draws?: number;
  /** Values of q to report; defaults to [1, 2, 4, 8]. */
  queries?: readonly number[];
  /** Seed of the directions; defaults to 0. */
  seed?: number;
  /** Ends the measurement early; what was drawn so far is reported. */
  signal?: AbortSignal;
  /** Called after each draw. */
  onDraw?: (done: number, of: number) => void;
}

/** The estimate with q queries, measured and by law. */
export interface VarianceRow {
  q: number;
  /** Independent estimates behind the figures: floor(draws / q). */
  samples: number;
  /** E|g^|^2 / |g|^2. */
  secondMoment: Measured;
  /** The law at epsilon -> 0, and with the curvature that was measured. */
  law: number;
  lawWithCurvature: number;
  /** (measured - law with curvature) / standard error. */
  deviation: number;
  /** Mean cosine of g^ and g. */
  cosine: Measured;
  /** Root mean square cosine, measured and by law. */
  rmsCosine: number;
  rmsCosineLaw: number;
}

/** The share of one tensor in the estimate's second moment at q = 1. */
export interface TensorVariance {
  parameter: Parameter;
  /** E|g^_k|^2 / |g|^2 and its law. */
  secondMoment: Measured;
  law: number;
  /** |g_k|^2 / |g|^2: the tensor's share of the true gradient. */
  gradientShare: number;
}

/** What a variance measurement found. */
export interface VarianceReport {
  settings: EstimatorSettings;
  seed: number;
  draws: number;
  /** Values that directions move. */
  dimension: number;
  loss: number;
  /** |g|, the norm of the true gradient. */
  gradientNorm: number;
  /** K = E[(c - u.g)^2] / |g|^2: curvature at this epsilon, and rounding. */
  curvature: Measured;
  rows: VarianceRow[];
  tensors: TensorVariance[];
  /** c_i against u_i . g, the derivative that it estimates. */
  coefficients: { measured: number; exact: number }[];
}

/**
 * Draws ZO estimates at fixed weights and holds their second moment and cosine against the laws (see laws.ts).
 * Losses are taken first, one or two forward passes a draw; then each tensor's part of every direction is drawn again and
 * folded, so memory stays at a few tensors however many draws there are.
 */
export async function measureVariance(
  objective: Objective,
  options: VarianceOptions = {},
): Promise<VarianceReport> {
  const { draws = 64, queries = [1, 2, 4, 8], seed = 0, signal, onDraw } = options;
  const settings = estimatorSettings({ ...options, queries: 1 });
  checkCounts(draws, queries, objective);
  const { loss, gradients } = await objective.gradient();
  try {
    const directions: Direction[] = [];
    const c: number[] = [];
    for (let i = 0; i < draws && !signal?.aborted; i++) {
      const u: Direction = { seed, step: i, query: QUERY, law: settings.law };
      const plus = await objective.loss(u, settings.epsilon);
      const minus = settings.estimator === 'two-sided' ? await objective.loss(u, -settings.epsilon) : loss;
      const value = projectedGradient(settings, { plus, minus });
      if (!Number.isFinite(value))
        throw new NonFiniteError(`Draw ${i}: the coefficient is ${value} at loss ${plus}.`);
      directions.push(u);
      c.push(value);
      onDraw?.(i + 1, draws);
      await new Promise(setImmediate); // let a stop through
    }
    if (c.length < 2) throw new ConfigError(`Stopped after ${c.length} draws; a variance needs at least 2.`);
    const usable = [...new Set([1, ...queries])].filter((q) => c.length >= 2 * q).sort((a, b) => a - b);
    const folded = await fold(objective, gradients, directions, c, usable);
    return report(objective, settings, seed, loss, c, folded, usable, queries);
  } finally {
    tf.dispose([...gradients.values()]);
  }
}

interface Folded {
  /** By q, by group: |g^|^2 and <g^, g>. */
  norms: Map<number, Float64Array>;
  inners: Map<number, Float64Array>;
  /** By draw: <u, g>. */
  exact: Float64Array;
  /** By tensor: |g_k|^2, and by draw |c u_k|^2. */
  tensors: { parameter: Parameter; gradient: number; moments: Float64Array }[];
}

/** Sums over tensors, one tensor and one direction in memory at a time. */
async function fold(
  { engine, parameters }: Objective,
  gradients: ReadonlyMap<Parameter, Tensor>,
  directions: readonly Direction[],
  c: readonly number[],
  queries: readonly number[],
): Promise<Folded> {
  const n = directions.length;
  const groups = (q: number) => new Float64Array(Math.floor(n / q));
  const norms = new Map(queries.map((q) => [q, groups(q)]));
  const inners = new Map(queries.map((q) => [q, groups(q)]));
  const exact = new Float64Array(n);
  const tensors: Folded['tensors'] = [];
  for (const p of parameters) {
    const g = gradients.get(p)!;
    const moments = new Float64Array(n);
    for (const [i, u] of directions.entries()) {
      const part = engine.ops.noise([...p.shape], keyOf(u, p), u.law);
      const size = await engine.ops.dot([[part, part]]);
      const along = await engine.ops.dot([[part, g]]);
      part.dispose();
      exact[i]! += along;
      const moment = c[i]! ** 2 * size;
      moments[i] = moment;
      norms.get(1)![i]! += moment;
      inners.get(1)![i]! += c[i]! * along;
    }
    for (const q of queries) {
      if (q === 1) continue;
      for (let k = 0; k < Math.floor(n / q); k++) {
        const terms = directions
          .slice(k * q, (k + 1) * q)
          .map((u, j) => ({ u, coefficient: c[k * q + j]! / q }));
        const zeros = tf.zeros([...p.shape]);
        const part = combine(engine, zeros, p, terms);
        norms.get(q)![k]! += await engine.ops.dot([[part, part]]);
        inners.get(q)![k]! += await engine.ops.dot([[part, g]]);
        tf.dispose([zeros, part]);
      }
    }
    tensors.push({ parameter: p, gradient: await engine.ops.dot([[g, g]]), moments });
  }
  return { norms, inners, exact, tensors };
}

function report(
  objective: Objective,
  settings: EstimatorSettings,
  seed: number,
  loss: number,
  c: readonly number[],
  f: Folded,
  usable: readonly number[],
  wanted: readonly number[],
): VarianceReport {
  const d = objective.parameters.reduce((n, p) => n + p.size, 0);
  const g2 = f.tensors.reduce((s, t) => s + t.gradient, 0);
  if (!(g2 > 0))
    throw new NonFiniteError(
      `The true gradient has norm ${Math.sqrt(g2)}: there is nothing to compare with.`,
    );
  const curvature = estimate(c.map((x, i) => (x - f.exact[i]!) ** 2 / g2));
  const rows = usable
    .filter((q) => wanted.includes(q))
    .map((q): VarianceRow => {
      const norms = f.norms.get(q)!;
      const secondMoment = estimate(Array.from(norms, (x) => x / g2));
      // an estimate of exactly 0 (possible with signs) points nowhere: cosine 0
      const cosines = Array.from(norms, (x, k) => (x > 0 ? f.inners.get(q)![k]! / Math.sqrt(x * g2) : 0));
      const lawWithCurvature = secondMomentLaw(d, q, settings.law, curvature.mean);
      return {
        q,
        samples: norms.length,
        secondMoment,
        law: secondMomentLaw(d, q, settings.law),
        lawWithCurvature,
        deviation: (secondMoment.mean - lawWithCurvature) / secondMoment.standardError,
        cosine: estimate(cosines),
        rmsCosine: Math.sqrt(cosines.reduce((s, x) => s + x * x, 0) / cosines.length),
        rmsCosineLaw: cosineLaw(d, q, settings.law),
      };
    });
  const tensors = f.tensors.map(({ parameter, gradient, moments }): TensorVariance => ({
    parameter,
    secondMoment: estimate(Array.from(moments, (x) => x / g2)),
    law: tensorLaw(parameter.size, gradient / g2, 1, settings.law),
    gradientShare: gradient / g2,
  }));
  return {
    settings,
    seed,
    draws: c.length,
    dimension: d,
    loss,
    gradientNorm: Math.sqrt(g2),
    curvature,
    rows,
    tensors,
    coefficients: c.map((measured, i) => ({ measured, exact: f.exact[i]! })),
  };
}

function checkCounts(draws: number, queries: readonly number[], objective: Objective): void {
  if (!Number.isSafeInteger(draws) || draws < 2)
    throw new ConfigError(`draws is ${draws}; take a whole number from 2 on.`);
  const bad = queries.find((q) => !Number.isSafeInteger(q) || q < 1);
  if (bad !== undefined)
    throw new ConfigError(`queries holds ${bad}; each must be a whole number from 1 on.`);
  if (!queries.some((q) => 2 * q <= draws)) {
    throw new ConfigError(
      `${draws} draws are too few for q = ${queries.join(', ')}; each q needs at least 2 q draws.`,
    );
  }
  if (objective.parameters.length === 0) {
    throw new ConfigError('There is no ZO tensor to draw for: demote some, or take a smaller rho.');
  }
}
