import type { EstimatorSettings } from '../estimate/index.ts';
import { measureBatchNoise, signalOf, type BatchNoise } from './batch-noise.ts';
import { bestStepLaw, curvatureAlongGradient, tryStep, type BestStep } from './best-step.ts';
import { lanczos } from './lanczos.ts';
import { measureVariance, type VarianceOptions } from './measure.ts';
import type { LossAndGradient, Objective } from './objective.ts';
import type { VarianceReport } from './report.ts';
import { measureRounding, roundingLaw } from './rounding.ts';
import { estimate, jackknife, root, type Measured } from './statistics.ts';
import { dispose, mapVector } from './vectors.ts';

/** Options of `measureRoutes`: those of the draws, and what else is measured. */
export interface RoutesOptions extends Omit<VarianceOptions, 'queries' | 'law' | 'rank' | 'onDraw'> {
  /** Gaussian directions drawn on each batch; defaults to 16. */
  draws?: number;
  /** Steps of Lanczos for the largest eigenvalue on the first batch; 0 leaves it out. Defaults to 6. */
  steps?: number;
  /** Lines for the rounding error on the first batch, at least 2; defaults to 2. */
  lines?: number;
  /** Steps of descent that are tried on each batch, at a quarter of the best rate; 0 leaves them out. Defaults to 4. */
  tries?: number;
  /** Called after each batch. */
  onBatch?: (done: number, of: number) => void;
}

/** One estimate (q = 1) on each of several batches of a task: what makes it err, and how far a step can go. */
export interface Routes {
  batches: number;
  dimension: number;
  loss: Measured;
  /** |g| of a batch, root mean square. */
  gradientNorm: Measured;
  /** The direction's part: E|g^ - g|^2 / |g|^2 and the cosine (rms) to the batch's own gradient, by measurement and by law. */
  variance: Measured;
  varianceLaw: number;
  cosine: Measured;
  cosineLaw: number;
  /** First route: mini-batch noise. */
  noise: BatchNoise;
  /** Second route: curvature. K = E[(c - u.g)^2] / |g|^2 with rounding in it, tr H, g'Hg / |g|^2, the largest eigenvalue. */
  K: Measured;
  trace: Measured;
  along: Measured;
  largest: number;
  /** Third route: what rounding alone adds to K. */
  rounding: number;
  /**
   * The best step for the batch's own loss, and for the loss of the whole data (batch noise included). NaN where the curvature that a
   * step meets, tr H (1 + K) + 2 g'Hg / |g|^2, is below two of its standard errors: the loss does not bend up for all that is known.
   */
  own: BestStep;
  whole: BestStep;
  /** Steps at the best rate to lower the loss of the whole data by 1%; NaN also where no signal shows above the mini-batch noise. */
  stepsForPercent: Measured;
  /** How many times more a step along the batch's true gradient would lower its loss. */
  slowdown: Measured;
  /** The law against steps that were tried on the batches at a quarter of the best rate: mean decrease, each as a share of the best. */
  tried?: { decrease: Measured; law: number };
  /** How the estimates were made, and draws a batch. */
  settings: EstimatorSettings;
  draws: number;
  /** The draws of each batch. */
  reports: VarianceReport[];
}

/** Share of the best rate that steps are tried at: the loss is nearer to quadratic there than at the best rate itself. */
const TRIED = 0.25;

/**
 * The routes by which a task can be worse for ZO than another, on several batches at fixed weights: mini-batch noise, curvature and
 * rounding, beside the direction's own noise; and what they leave of a step (`bestStepLaw`). tr H comes from the draws:
 * E[c - u.g] = (epsilon / 2) tr H one-sided, so the estimator is the one-sided one. Standard errors are over batches (jackknife), so
 * they hold the draws' and the data's scatter. Holds a gradient a batch.
 * Price a batch: 3 gradients and draws + 2 tries forward passes; on the first 2 steps gradients and 8 lines passes more.
 * @param batches - one objective a batch, on the same weights and tensors; at least 3
 */
export async function measureRoutes(
  batches: readonly Objective[],
  options: RoutesOptions = {},
): Promise<Routes> {
  const { draws = 16, steps = 6, lines = 2, tries = 4, seed = 0, epsilon = 1e-3, signal, onBatch } = options;
  const held = batches.map(remembering);
  try {
    const noise = await measureBatchNoise(held);
    const reports: VarianceReport[] = [];
    const bent: number[] = [];
    for (const [b, on] of held.entries()) {
      const drawn = { epsilon, draws, seed: seed + b, queries: [1], ...(signal && { signal }) };
      reports.push(await measureVariance(on, drawn));
      bent.push((await curvatureAlongGradient(on)).along);
      on.release?.();
      onBatch?.(b + 1, held.length);
    }
    const found = pooled(reports, bent, noise);
    const first = held[0]!;
    const { largest } = steps > 0 ? await lanczos(first, { steps, seed, signal }) : { largest: NaN };
    const rounding = (await measureRounding(first, { epsilon, lines, seed })).loss.mean;
    const gradient2 = found.gradientNorm.mean ** 2;
    const tried = tries > 0 && found.own.rate > 0 ? await tryOn(held, found.own, { tries, epsilon, seed, signal }) : undefined; // prettier-ignore
    return {
      ...found,
      largest,
      rounding: roundingLaw(rounding, epsilon, gradient2, 'one-sided'),
      ...(tried && { tried }),
    };
  } finally {
    held.forEach((on) => on.forget());
  }
}

/** Pools draws of several batches; every figure is a function of the batches that are counted, so the jackknife gives its error. */
function pooled(reports: readonly VarianceReport[], bent: readonly number[], noise: BatchNoise) {
  const n = reports.length;
  const g2 = reports.map((r) => r.gradientNorm ** 2);
  const traces = reports.map(traceOf);
  const mean = (list: readonly number[], of: (b: number) => number) => list.reduce((s, b) => s + of(b), 0) / list.length; // prettier-ignore
  const facts = (list: readonly number[]) => {
    const gradient2 = mean(list, (b) => g2[b]!);
    const signal = signalOf(noise.products)(list);
    return {
      loss: mean(list, (b) => reports[b]!.loss),
      trace: mean(list, (b) => traces[b]!),
      along: mean(list, (b) => bent[b]! * g2[b]!) / gradient2,
      K: mean(list, (b) => reports[b]!.curvature.mean * g2[b]!) / gradient2,
      gradient2,
      signal,
      nu: gradient2 / signal - 1,
    };
  };
  const all = reports.map((_, b) => b);
  const over = (of: (f: ReturnType<typeof facts>) => number) => jackknife(n, (list) => of(facts(list)));
  const own = (f: ReturnType<typeof facts>) => bestStepLaw({ ...f, nu: 0 });
  const whole = (f: ReturnType<typeof facts>) => bestStepLaw({ ...f, gradient2: f.signal });
  const nothing = { rate: NaN, decrease: NaN, slowdown: NaN };
  const unknown = { mean: NaN, standardError: NaN };
  // where the loss bends down on average, or nobody can tell, a quadratic has no best step
  const bend = over((f) => f.trace * (1 + f.K) + 2 * f.along);
  const bendsUp = bend.mean > 2 * bend.standardError;
  const shows = bendsUp && Number.isFinite(noise.ratio.mean);
  const rows = reports.map((r) => r.rows[0]!);
  return {
    batches: n,
    dimension: reports[0]!.dimension,
    loss: over((f) => f.loss),
    gradientNorm: over((f) => Math.sqrt(f.gradient2)),
    variance: estimate(rows.map((r) => r.variance.mean)),
    varianceLaw: rows[0]!.law - 1,
    cosine: root(estimate(rows.map((r) => r.rmsCosine ** 2))),
    cosineLaw: 1 / Math.sqrt(reports[0]!.dimension),
    noise,
    K: over((f) => f.K),
    trace: over((f) => f.trace),
    along: over((f) => f.along),
    own: bendsUp ? own(facts(all)) : nothing,
    whole: shows ? whole(facts(all)) : nothing,
    stepsForPercent: shows ? over((f) => (0.01 * f.loss) / whole(f).decrease) : unknown,
    slowdown: bendsUp ? over((f) => own(f).slowdown) : unknown,
    settings: reports[0]!.settings,
    draws: reports[0]!.draws,
    reports: [...reports],
  };
}

/** tr H from one-sided draws: the mean of 2 (c - u.g) / epsilon. */
export function traceOf({ coefficients, settings }: VarianceReport): number {
  const gap = coefficients.reduce((s, c) => s + (c.measured - c.exact), 0) / coefficients.length;
  return (2 * gap) / settings.epsilon;
}

async function tryOn(
  batches: readonly Objective[],
  best: BestStep,
  { tries, epsilon, seed, signal }: { tries: number; epsilon: number; seed: number; signal: AbortSignal | undefined }, // prettier-ignore
): Promise<{ decrease: Measured; law: number }> {
  const falls: number[] = [];
  for (const [b, on] of batches.entries()) {
    const how = { rate: TRIED * best.rate, draws: tries, epsilon, seed: seed + b, signal };
    falls.push((await tryStep(on, how)).mean / best.decrease);
  }
  return { decrease: estimate(falls), law: 2 * TRIED - TRIED ** 2 };
}

/** An objective that takes its gradient at w only once; the copies it gives out share the memory. */
function remembering(on: Objective): Objective & { forget: () => void } {
  let at: LossAndGradient | undefined;
  return {
    engine: on.engine,
    parameters: on.parameters,
    loss: (u, scale) => on.loss(u, scale),
    lossAt: (move) => on.lossAt(move),
    weight: (p) => on.weight(p),
    release: () => on.release?.(),
    gradient: async (move) => {
      if (move) return on.gradient(move);
      at ??= await on.gradient();
      return { loss: at.loss, gradients: new Map(mapVector(at.gradients, (t) => t.clone())) };
    },
    forget: () => {
      dispose(at?.gradients);
      at = undefined;
    },
  };
}
