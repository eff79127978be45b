import { inspect } from 'node:util';
import type { Tensor } from '@tensorflow/tfjs';
import { tf } from '../engine/tf.ts';
import { ConfigError, NonFiniteError } from '../errors.ts';
import {
  drawDirection,
  estimatorSettings,
  projectedGradient,
  type Direction,
  type EstimatorOptions,
  type EstimatorSettings,
} from '../estimate/index.ts';
import type { Parameter } from '../model/parameters.ts';
import { fold, gradientFacts } from './fold.ts';
import type { Objective } from './objective.ts';
import { reportOf, type VarianceReport } from './report.ts';
import { push } from './statistics.ts';
import { addEstimate, addToGroups, noSums, type Sums } from './sums.ts';

/** Query number of these draws; training counts from 0, so no weight has ever moved along one of them. */
const QUERY = 0x80000000;
/** Draws at least whose losses are taken before their directions are folded. */
const BLOCK = 16;
/** Relative difference of a loss or gradient norm that two engines may have on the same weights. */
const SAME = 1e-4;

/** Options of a variance measurement. */
export interface VarianceOptions extends Omit<EstimatorOptions, 'queries'> {
  /** Directions drawn in all; defaults to 64. Estimates with q queries use disjoint groups of q. */
  draws?: number;
  /** Values of q to report; defaults to [1, 2, 4, 8]. */
  queries?: readonly number[];
  /** Seed of the directions; defaults to 0. */
  seed?: number;
  /** Ends the measurement early; what was drawn so far is reported and can be continued. */
  signal?: AbortSignal;
  /** Called after each draw. */
  onDraw?: (done: number, of: number) => void;
}

interface Setup {
  settings: EstimatorSettings;
  seed: number;
  draws: number;
  queries: readonly number[];
  signal: AbortSignal | undefined;
  onDraw: VarianceOptions['onDraw'];
}

/**
 * Draws ZO estimates at fixed weights and holds their moments, cosine and signs against the laws (see laws.ts).
 * Losses of a few draws are taken first, one or two forward passes each, the blocks below the moved tensors not again; then
 * each tensor's part of those directions is drawn once more and folded, so memory does not grow with the draws.
 */
export async function measureVariance(
  objective: Objective,
  options: VarianceOptions = {},
): Promise<VarianceReport> {
  const { draws = 64, queries = [1, 2, 4, 8], seed = 0, signal, onDraw } = options;
  const { estimator, epsilon, law, rank } = options;
  const given = { estimator, epsilon, law, rank };
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return run(objective, { settings: estimatorSettings(known), seed, draws, queries, signal, onDraw });
}

/**
 * Goes on where a measurement ended, up to `draws` in all: the same figures as one measurement of that many. The report may
 * come from a file (JSON). Weights and batch must be the same; ConfigError when loss or gradient say otherwise.
 */
export function continueVariance(
  objective: Objective,
  report: VarianceReport,
  options: Pick<VarianceOptions, 'draws' | 'signal' | 'onDraw'> = {},
): Promise<VarianceReport> {
  const { settings, seed, sums } = report;
  const { draws = 2 * report.draws, signal, onDraw } = options;
  const queries = sums.whole.map((w) => w.q);
  return run(objective, { settings, seed, draws, queries, signal, onDraw }, report);
}

async function run(objective: Objective, setup: Setup, before?: VarianceReport): Promise<VarianceReport> {
  const { settings, seed, draws, signal, onDraw } = setup;
  checkCounts(setup, objective);
  const queries = [...new Set([1, ...setup.queries])].sort((a, b) => a - b);
  const { engine, parameters } = objective;
  const { loss, gradients } = await objective.gradient();
  try {
    const facts = await gradientFacts(engine, gradients);
    const g2 = facts.reduce((s, f) => s + f.square, 0);
    if (!(g2 > 0 && Number.isFinite(g2))) {
      throw new NonFiniteError(`The true gradient has norm ${Math.sqrt(g2)}: there is nothing to compare with.`); // prettier-ignore
    }
    if (before) checkSame(before, loss, Math.sqrt(g2), parameters);
    const state = {
      coefficients: before ? before.coefficients.map((c) => ({ ...c })) : [],
      sums: before ? structuredClone(before.sums) : noSums(parameters, queries),
    };
    const largest = Math.max(...queries);
    const block = largest * Math.ceil(BLOCK / largest); // so that estimates mostly end where a block does
    // the baseline comes from the same code as the perturbed losses: what it rounds alike cancels
    const clean = settings.estimator === 'one-sided' ? await objective.lossAt() : NaN;
    while (state.coefficients.length < draws && !signal?.aborted) {
      const from = state.coefficients.length;
      const end = Math.min(draws, from - (from % block) + block);
      const c: number[] = [];
      for (let i = from; i < end && !signal?.aborted; i++) {
        c.push(await coefficient(objective, settings, await direction(i), clean));
        onDraw?.(i + 1, draws);
        await new Promise(setImmediate); // let a stop through
      }
      await absorb(c, state);
    }
    if (state.coefficients.length < 2) {
      throw new ConfigError(`Stopped after ${state.coefficients.length} draws; a variance needs at least 2.`);
    }
    const wanted = state.sums.whole.filter((w) => setup.queries.includes(w.q));
    return reportOf({ settings, seed, loss, facts, ...state, sums: { ...state.sums, whole: wanted } });

    function direction(i: number): Promise<Direction> {
      const { law, rank } = settings;
      return drawDirection(engine, parameters, { seed, step: i, query: QUERY, law, rank });
    }

    /** Adds the next draws to the sums. Estimates that began earlier are begun again, from the coefficients. */
    async function absorb(
      c: readonly number[],
      { coefficients, sums }: { coefficients: VarianceReport['coefficients']; sums: Sums },
    ): Promise<void> {
      const done = coefficients.length;
      const from = Math.min(...queries.map((q) => done - (done % q)));
      const all = [...coefficients.slice(from).map((x) => x.measured), ...c];
      const directions = await Promise.all(all.map((_, i) => direction(from + i)));
      const drawn = { from, directions, coefficients: all };
      const { estimates, exact } = await fold(engine, gradients, facts, queries, drawn);
      for (const whole of sums.whole) {
        const first = Math.ceil(from / whole.q);
        estimates.get(whole.q)!.forEach((parts, k) => {
          if ((first + k + 1) * whole.q > done) addEstimate(whole, parts, facts);
        });
      }
      estimates.get(1)!.slice(done - from).forEach((parts) => addToGroups(sums, parts, facts)); // prettier-ignore
      c.forEach((value, i) => {
        const derivative = exact[done - from + i]!;
        push(sums.curvature, (value - derivative) ** 2 / g2);
        push(sums.bias, ((value - derivative) * derivative) / g2);
        coefficients.push({ measured: value, exact: derivative });
      });
    }
  } finally {
    tf.dispose([...gradients.values()] as Tensor[]);
    objective.release?.();
  }
}

/** The coefficient c along a direction; `clean` is the loss at w, which a two-sided one does not look at. */
export async function coefficient(
  objective: Objective,
  settings: EstimatorSettings,
  u: Direction,
  clean: number,
): Promise<number> {
  const plus = await objective.loss(u, settings.epsilon);
  const minus = settings.estimator === 'two-sided' ? await objective.loss(u, -settings.epsilon) : clean;
  const c = projectedGradient(settings, { plus, minus });
  if (!Number.isFinite(c))
    throw new NonFiniteError(`Draw ${u.step}: the coefficient is ${c} at loss ${plus}.`);
  return c;
}

/** Throws ConfigError for what is no list of numbers of queries. */
export function checkQueries(queries: readonly number[]): void {
  if (!Array.isArray(queries)) {
    const given = inspect(queries);
    throw new ConfigError(
      `queries is ${given}; give a list of the numbers of queries to report: [${given}].`,
    );
  }
}

function checkCounts({ draws, queries }: Setup, objective: Objective): void {
  if (!Number.isSafeInteger(draws) || draws < 2)
    throw new ConfigError(`draws is ${inspect(draws)}; take a whole number from 2 on.`);
  checkQueries(queries);
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

function checkSame(
  before: VarianceReport,
  loss: number,
  gradientNorm: number,
  parameters: readonly Parameter[],
): void {
  const names = before.tensors.map((t) => t.parameter.name);
  if (names.join() !== parameters.map((p) => p.name).join()) {
    throw new ConfigError(
      `The measurement moved ${names.length} other tensors (${names[0]}, ...). Continue it with the same ones.`,
    );
  }
  const off = (a: number, b: number) => Math.abs(a - b) > SAME * Math.abs(b);
  if (off(loss, before.loss) || off(gradientNorm, before.gradientNorm)) {
    throw new ConfigError(
      `Loss ${loss} and gradient norm ${gradientNorm} are not those of the measurement (${before.loss}, ` +
        `${before.gradientNorm}): the weights or the batch have changed. Start a new measurement.`,
    );
  }
}
