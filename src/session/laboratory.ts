import { inTurn } from '../engine/index.ts';
import { ConfigError } from '../errors.ts';
import { selectParameters, type Selector } from '../partition/index.ts';
import type { AnyTrainer } from '../train/index.ts';
import {
  gradientAxis,
  lossLine,
  lossPlane,
  measureCurvature,
  measureDescent,
  measureSharpness,
  objectiveOf,
  randomAxis,
  sweepModel,
  type AxisName,
  type CurvatureOptions,
  type CurvatureReport,
  type CutOptions,
  type DescentOptions,
  type DescentReport,
  type LossLine,
  type LossPlane,
  type Objective,
  type RoutesOptions,
  type SharpnessReport,
  type SweepOptions,
  type SweepReport,
  type VarianceOptions,
} from '../variance/index.ts';
import { checkQueries } from '../variance/measure.ts';
import { dispose, type Vector } from '../variance/vectors.ts';
import { checkCall } from './call-options.ts';

/** Where a measurement is made. */
export interface Where {
  /** Training step whose batch is used; defaults to the next one. */
  batch?: number;
  /** Tensors that move; defaults to the ZO tensors in force (for a landscape and sharpness all but a frozen model's). */
  along?: Selector;
}

/** Options of `sweep`: those of the measurement at each value. */
export interface SessionSweepOptions extends Where, SweepOptions, Omit<VarianceOptions, 'signal' | 'onDraw'> {
  /** Batches for the mini-batch noise, this one included; 0 (default) leaves it out, else at least 3. */
  batches?: number;
  /** Measures all routes by which a task can matter (`measureRoutes`) on these batches; defaults to false. */
  routes?: boolean | RoutesOptions;
}

/** Options of `landscape`. */
export interface LandscapeOptions extends Where, CutOptions {
  /** Length of the gradient's axis as a share of the random one's; the loss is much steeper along it. Defaults to 0.05. */
  gradientScale?: number;
}

/** Options of `sharpness`. */
export interface SessionSharpnessOptions extends Where, CurvatureOptions {
  /** Displacement as a share of each tensor's norm; defaults to 0.05. */
  radius?: number;
}

/** Options of `descent`. */
export interface SessionDescentOptions extends Where, DescentOptions {}

/** What `sharpness` found: curvature of the loss, and how much it rises nearby. */
export interface SharpnessFindings {
  curvature: CurvatureReport;
  rise: SharpnessReport;
}

/** Sweeps the variance at a trainer's weights over one axis, with its estimator, law and seed unless told others. */
export async function trainerSweep(
  trainer: AnyTrainer,
  name: AxisName,
  values: readonly (number | string)[],
  { batch, along, batches = 0, routes = false, signal, onPoint, ...options }: SessionSweepOptions,
): Promise<SweepReport> {
  if (typeof routes !== 'boolean') checkCall('routes', routes);
  if (options.queries) checkQueries(options.queries);
  if (routes && batches < 3)
    throw new ConfigError(
      `Routes are measured on at least 3 batches; ${batches} asked for. Give { batches: 6 }.`,
    );
  const { model, settings } = trainer;
  const labels = await trainer.ensureLabels();
  const { estimator, epsilon, law, rank } = settings;
  const first = batch ?? trainer.steps;
  const measured = {
    model,
    parameters: along ? selectParameters(model.parameters.list, along) : labels.with('ZO'),
    batches: Array.from({ length: Math.max(1, batches) }, (_, i) => trainer.batchAt(first + i)),
    options: { queries: [1], estimator, epsilon, law, rank, seed: trainer.options.seed, ...options },
    recompute: settings.recompute,
    ...(routes && { routes: routes === true ? {} : routes }),
    ...(signal && { signal }),
    ...(onPoint && { onPoint }),
  };
  return inTurn(model.engine, () => sweepModel(name, values, measured));
}

/** The loss at a trainer's weights along a random, filter-normalized direction and along the gradient. */
export function trainerLines(trainer: AnyTrainer, options: LandscapeOptions): Promise<LossLine[]> {
  return withAxes(trainer, options, async (objective, [random, gradient], cut) => {
    const { onPoint } = cut;
    const half = (offset: number): CutOptions => ({
      ...cut,
      ...(onPoint && { onPoint: (done, of) => onPoint(offset * of + done, 2 * of) }),
    });
    return [
      await lossLine(objective, { name: 'a random direction u', vector: random }, half(0)),
      await lossLine(objective, { name: 'the gradient g', vector: gradient }, half(1)),
    ];
  });
}

/** The loss on the plane of both. */
export function trainerPlane(trainer: AnyTrainer, options: LandscapeOptions): Promise<LossPlane> {
  return withAxes(
    trainer,
    options,
    (objective, [random, gradient], cut) =>
    lossPlane(objective, [{ name: 'a random direction u', vector: random }, { name: 'the gradient g', vector: gradient }], cut), // prettier-ignore
  );
}

/** Curvature and rise of the loss at a trainer's weights. */
export function trainerSharpness(
  trainer: AnyTrainer,
  { radius = 0.05, ...options }: SessionSharpnessOptions,
): Promise<SharpnessFindings> {
  const { batch, along, seed = trainer.options.seed, ...curvature } = options;
  return withObjective(trainer, { batch, along }, async (objective) => ({
    curvature: await measureCurvature(objective, { seed, ...curvature }),
    rise: await measureSharpness(objective, { radius, seed }),
  }));
}

/** How far one step from a trainer's weights lowers the loss, with its estimator, law and seed unless told others. */
export function trainerDescent(
  trainer: AnyTrainer,
  { batch, along, ...options }: SessionDescentOptions,
): Promise<DescentReport> {
  const { estimator, epsilon, queries, law, rank } = trainer.settings;
  const settings = { estimator, epsilon, queries, law, rank, seed: trainer.options.seed };
  return withObjective(trainer, { batch, along }, (objective) =>
    measureDescent(objective, { ...settings, ...options }),
  );
}

async function withAxes<T>(
  trainer: AnyTrainer,
  { batch, along, gradientScale = 0.05, ...cut }: LandscapeOptions,
  work: (objective: Objective, axes: [Vector, Vector], cut: CutOptions) => Promise<T>,
): Promise<T> {
  const seed = cut.seed ?? trainer.options.seed;
  return withObjective(trainer, { batch, along }, async (objective) => {
    const random = randomAxis(objective, seed);
    let gradient: Vector | undefined;
    try {
      gradient = await gradientAxis(objective, random, gradientScale);
      return await work(objective, [random, gradient], { seed, ...cut });
    } finally {
      dispose(random, gradient);
    }
  });
}

async function withObjective<T>(
  trainer: AnyTrainer,
  { batch: at, along }: { [K in keyof Where]: Where[K] | undefined },
  work: (objective: Objective) => Promise<T>,
): Promise<T> {
  const { model } = trainer;
  const { list } = model.parameters;
  const { recompute } = trainer.settings;
  return inTurn(model.engine, async () => {
    const batch = await model.prepare(trainer.batchAt(at ?? trainer.steps));
    try {
      return await work(
        objectiveOf(
          model,
          batch,
          along ? selectParameters(list, along) : list.filter((p) => p.base !== 'frozen'),
          { recompute },
        ),
      );
    } finally {
      batch.dispose();
    }
  });
}
