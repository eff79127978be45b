import { inspect } from 'node:util';
import { ConfigError } from '../errors.ts';
import type { DirectionLaw, EstimatorName } from '../estimate/index.ts';
import type { TokenBatch } from '../model/batch.ts';
import { Decoder } from '../model/decoder.ts';
import type { Parameter } from '../model/parameters.ts';
import type { Prepared, Trainable } from '../model/trainable.ts';
import { measureBatchNoise, type BatchNoise } from './batch-noise.ts';
import { among, candidatesOf, firstRows, firstTargets, lastTokens } from './batches.ts';
import { measureVariance, type VarianceOptions } from './measure.ts';
import type { Objective } from './objective.ts';
import { objectiveOf } from './objective-of.ts';
import type { VarianceReport } from './report.ts';
import { measureRoutes, type Routes, type RoutesOptions } from './routes.ts';

/** What is measured at one value of an axis. */
export interface SweepPlace {
  objective: Objective;
  options?: VarianceOptions;
  /** Other batches of the same kind, for the mini-batch noise; none, not measured. */
  batches?: readonly Objective[];
  /** Measures all routes on the batches (`measureRoutes`), `objective` among them, in place of noise and variance on one. */
  routes?: RoutesOptions;
  /** Frees what was made for this value. */
  dispose?: () => void;
}

/** A measurement at one value. */
export interface SweepPoint {
  value: number | string;
  report: VarianceReport;
  noise?: BatchNoise;
  /** What `measureRoutes` found; `report` is then that of the first batch. */
  routes?: Routes;
}

/** Measurements along an axis, everything else equal. */
export interface SweepReport {
  /** The axis in words. */
  axis: string;
  points: SweepPoint[];
}

/** Options of a sweep as such. */
export interface SweepOptions {
  /** Ends the sweep after the present value's draws; what was measured is reported. */
  signal?: AbortSignal;
  /** Called after each value. */
  onPoint?: (done: number, of: number) => void;
}

/** Measures the variance at each value of an axis; `at` says what to measure there. */
export async function sweepVariance<V extends number | string>(
  axis: string,
  values: readonly V[],
  at: (value: V) => SweepPlace | Promise<SweepPlace>,
  { signal, onPoint }: SweepOptions = {},
): Promise<SweepReport> {
  checkValues(axis, values);
  const points: SweepPoint[] = [];
  for (const value of values) {
    if (signal?.aborted) break;
    const place = await at(value);
    try {
      points.push({ value, ...(await measurePlace(place)) });
    } catch (error) {
      if (signal?.aborted) break; // stopped before two draws of this value
      throw error;
    } finally {
      place.dispose?.();
    }
    onPoint?.(points.length, values.length);
  }
  return { axis, points };
}

/** Throws ConfigError for what is no list of values. */
export function checkValues(axis: string, values: readonly unknown[]): void {
  if (!Array.isArray(values)) {
    const given = inspect(values);
    throw new ConfigError(`The values of the sweep over ${axis} are ${given}; give a list: [${given}].`);
  }
  if (values.length === 0) throw new ConfigError(`The sweep over ${axis} has no values; give at least one.`);
}

async function measurePlace({
  objective,
  options,
  batches,
  routes,
}: SweepPlace): Promise<Omit<SweepPoint, 'value'>> {
  if (routes && batches) {
    const { estimator = 'one-sided', law = 'gaussian' } = options ?? {};
    if (estimator !== 'one-sided' || law !== 'gaussian')
      throw new ConfigError(
        `Routes are those of one-sided Gaussian estimates, not ${estimator} ${law} ones.`,
      );
    const found = await measureRoutes(batches, { ...options, ...routes });
    return { report: found.reports[0]!, noise: found.noise, routes: found };
  }
  const report = await measureVariance(objective, options);
  const noise = batches && (await measureBatchNoise(batches));
  return { report, ...(noise && { noise }) };
}

/** What a sweep over a model is about. */
export interface ModelSweep<Batch = TokenBatch> extends SweepOptions {
  model: Trainable<Batch>;
  /** The batch that is measured on, then others of its kind for the mini-batch noise (none, or at least two). */
  batches: readonly Batch[];
  /** Tensors that move. */
  parameters: readonly Parameter[];
  /** Options that are the same at every value. */
  options?: VarianceOptions;
  /** Measures all routes at each value, which takes at least 3 batches. */
  routes?: RoutesOptions;
  /** Activation recomputation where gradients are taken. Defaults to false. */
  recompute?: boolean;
}

/** Axes that a model can be swept over, and what a value does; those that cut tokens are for decoders. */
export const axes = {
  epsilon: { title: 'perturbation scale epsilon', options: (value: number) => ({ epsilon: value }) },
  rank: {
    title: 'rank of the directions',
    options: (value: number) => ({ rank: value, law: 'low-rank' as const }),
  },
  law: { title: 'law of the directions', options: (value: DirectionLaw) => ({ law: value }) },
  estimator: { title: 'estimator', options: (value: EstimatorName) => ({ estimator: value }) },
  batch: { title: 'rows of the batch', tokens: firstRows },
  length: { title: 'sequence length in tokens', tokens: lastTokens },
  output: { title: 'output length in tokens', tokens: firstTargets },
  vocabulary: {
    title: 'tokens in the softmax',
    tokens: (batch: TokenBatch, n: number, all: readonly TokenBatch[], vocabulary: number) =>
      among(batch, candidatesOf(all, n, vocabulary)),
  },
} as const;

/** Name of an axis. */
export type AxisName = keyof typeof axes;

/**
 * Sweeps a model over one of {@link axes}. Other axes, such as rho, by `sweepVariance` with an `at` of your own.
 *
 * @example
 * await sweepModel('epsilon', [1e-4, 1e-3, 1e-2], { model, batches: [tokens], parameters });
 */
export function sweepModel<V extends number | string, Batch = TokenBatch>(
  name: AxisName,
  values: readonly V[],
  { model, batches, parameters, options = {}, routes, recompute = false, ...sweep }: ModelSweep<Batch>,
): Promise<SweepReport> {
  if (!Object.hasOwn(axes, name)) {
    throw new ConfigError(`There is no axis ${name}. Take ${Object.keys(axes).join(', ')}.`);
  }
  const axis: {
    title: string;
    options?: (value: never) => VarianceOptions;
    tokens?: (batch: TokenBatch, n: number, all: readonly TokenBatch[], vocabulary: number) => TokenBatch;
  } = axes[name];
  if (axis.tokens && !(model instanceof Decoder)) {
    throw new ConfigError(
      `A batch of your own cannot be cut to another ${name}. Open a session on other batches for each value.`,
    );
  }
  /** A batch as the axis cuts it at a value; the axes that do are for decoders, whose batches are tokens. */
  const shown = (given: Batch, value: V): Batch => {
    if (!axis.tokens || !(model instanceof Decoder)) return given;
    const all = batches as unknown as TokenBatch[];
    return axis.tokens(given as TokenBatch, value as number, all, model.config.vocabulary) as Batch;
  };
  const at = async (value: V): Promise<SweepPlace> => {
    const made: Prepared[] = [];
    const dispose = () => made.forEach((b) => b.dispose());
    try {
      const objectives: Objective[] = [];
      for (const given of batches) {
        const batch = await model.prepare(shown(given, value));
        made.push(batch);
        objectives.push(objectiveOf(model, batch, parameters, { recompute }));
      }
      const own = {
        ...options,
        ...axis.options?.(value as never),
        ...(sweep.signal && { signal: sweep.signal }),
      };
      const [objective] = objectives;
      if (!objective) throw new ConfigError('A sweep needs a batch to measure on; give at least one.');
      const others = objectives.length > 1 && { batches: objectives, ...(routes && { routes }) };
      return { objective, options: own, ...others, dispose };
    } catch (error) {
      dispose();
      throw error;
    }
  };
  return sweepVariance(axis.title, values, at, sweep);
}
