import { inspect } from 'node:util';
import { ConfigError, NonFiniteError } from '../errors.ts';
import {
  combine,
  drawDirection,
  estimatorSettings,
  type EstimatorOptions,
  type EstimatorSettings,
} from '../estimate/index.ts';
import { measureCurvature } from './curvature.ts';
import { hessianVector } from './hessian.ts';
import { coefficient } from './measure.ts';
import type { Objective } from './objective.ts';
import { bendLaw, descentLaw } from './quadratic-laws.ts';
import { estimate, type Measured } from './statistics.ts';
import { dispose, inner, shift, type Vector } from './vectors.ts';

/** Query number of the first of these directions. */
const QUERY = 0x80000100;
const MULTIPLES = [1 / 8, 1 / 4, 1 / 2, 3 / 4, 1, 3 / 2, 2];

/** Options of a descent measurement. */
export interface DescentOptions extends EstimatorOptions {
  /** Steps tried, as multiples of the rate that is best by law; defaults to 1/8, 1/4, 1/2, 3/4, 1, 3/2 and 2. */
  multiples?: readonly number[];
  /** ZO estimates that each rate is tried with, the same ones for all; defaults to 32. */
  draws?: number;
  /** tr H where it is known, as from `measureCurvature`; else it is measured. */
  trace?: Measured;
  /** Hutchinson probes for tr H; defaults to 8. */
  probes?: number;
  /** Seed of the directions; defaults to 0. */
  seed?: number;
  /** Ends early with the estimates so far; at least 2 are taken. */
  signal?: AbortSignal;
  /** Called after each estimate. */
  onDraw?: (done: number, of: number) => void;
}

/** The change of the loss by one step of a rate, and its law on a quadratic. */
export interface DescentPoint<T> {
  rate: number;
  change: T;
  law: number;
}

/** How far one step lowers the loss, by the true gradient and by its estimate. */
export interface DescentReport {
  settings: EstimatorSettings;
  dimension: number;
  draws: number;
  loss: number;
  gradientNorm: number;
  /** tr H, and g'Hg / |g|^2, the curvature along the gradient. */
  trace: Measured;
  along: number;
  /** The rates at which the laws are lowest, and how many times the ZO one is smaller. */
  best: { FO: number; ZO: number };
  slowdown: number;
  FO: DescentPoint<number>[];
  ZO: DescentPoint<Measured>[];
}

/**
 * The loss after one step w - rate g and after w - rate g^, for rates about the best ones by {@link descentLaw}. Nothing is changed.
 * Price: 2 (probes + 3) + 1 gradients, 3 where tr H is given, and draws (q + multiples) forward passes.
 */
export async function measureDescent(
  objective: Objective,
  options: DescentOptions = {},
): Promise<DescentReport> {
  const { multiples = MULTIPLES, draws = 32, trace: given, probes = 8, seed = 0, signal, onDraw } = options;
  const { estimator, epsilon, queries, law, rank } = options;
  const chosen = Object.entries({ estimator, epsilon, queries, law, rank }).filter(
    ([, v]) => v !== undefined,
  );
  const settings = estimatorSettings(Object.fromEntries(chosen));
  if (!Number.isSafeInteger(draws) || draws < 2)
    throw new ConfigError(`draws is ${draws}; take a whole number from 2 on.`);
  if (!Array.isArray(multiples) || !multiples.length || !multiples.every((m) => m > 0 && Number.isFinite(m)))
    throw new ConfigError(
      `multiples is ${inspect(multiples)}; give a list of positive numbers: [0.5, 1, 2].`,
    );
  const { engine, parameters } = objective;
  const q = settings.queries;
  const d = parameters.reduce((sum, p) => sum + p.size, 0);
  let gradients: Vector | undefined;
  try {
    const loss = await objective.lossAt();
    ({ gradients } = await objective.gradient());
    const gradient2 = await inner(engine, gradients, gradients);
    if (!(gradient2 > 0 && Number.isFinite(gradient2)))
      throw new NonFiniteError(`The gradient has norm ${Math.sqrt(gradient2)}: there is no step to take.`);
    const along = (await bendAlong(objective, gradients)) / gradient2;
    const trace = given ?? (await measureCurvature(objective, { probes, seed, steps: 2 })).trace;
    const facts = { d, gradient2, trace: trace.mean, along };
    const best = { FO: 1 / along, ZO: 1 / bendLaw(facts, q, settings.law) };
    if (!(best.FO > 0 && best.ZO > 0)) {
      throw new ConfigError(
        `The loss bends down here (tr H ${trace.mean}, ${along} along the gradient), so no rate is the best by law. Train a little first.`,
      );
    }
    const FO: DescentPoint<number>[] = [];
    for (const rate of multiples.map((m) => m * best.FO)) {
      const change = (await objective.lossAt(shift(engine, [gradients, -rate]))) - loss;
      FO.push({ rate, change, law: -rate * gradient2 + (rate ** 2 / 2) * along * gradient2 });
    }
    const rates = multiples.map((m) => m * best.ZO);
    const changes: number[][] = rates.map(() => []);
    for (let i = 0; i < draws && !(signal?.aborted && i >= 2); i++) {
      const terms = await oneEstimate(objective, settings, loss, seed, i);
      for (const [k, rate] of rates.entries()) {
        const step = terms.map(({ c, u }) => ({ coefficient: (-rate * c) / q, u }));
        changes[k]!.push((await objective.lossAt((p, w) => combine(engine, w, p, step))) - loss);
      }
      onDraw?.(i + 1, draws);
      await new Promise(setImmediate);
    }
    const ZO = rates.map((rate, k) => ({
      rate,
      change: estimate(changes[k]!),
      law: descentLaw(facts, rate, q, settings.law),
    }));
    return {
      settings,
      dimension: d,
      draws: changes[0]!.length,
      loss,
      gradientNorm: Math.sqrt(gradient2),
      trace,
      along,
      best,
      slowdown: best.FO / best.ZO,
      FO,
      ZO,
    };
  } finally {
    dispose(gradients);
    objective.release?.();
  }
}

/** Coefficients and directions of the estimate number `i`. */
async function oneEstimate(
  objective: Objective,
  settings: EstimatorSettings,
  clean: number,
  seed: number,
  i: number,
) {
  const { law, rank, queries } = settings;
  const terms = [];
  for (let query = 0; query < queries; query++) {
    const key = { seed, step: i, query: QUERY + query, law, rank };
    const u = await drawDirection(objective.engine, objective.parameters, key);
    terms.push({ c: await coefficient(objective, settings, u, clean), u });
  }
  return terms;
}

/** g'Hg. */
async function bendAlong(objective: Objective, g: Vector): Promise<number> {
  const h = await hessianVector(objective, g);
  try {
    return await inner(objective.engine, g, h);
  } finally {
    dispose(h);
  }
}
