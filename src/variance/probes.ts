import { perturbedWeights, type EstimatorOptions } from '../estimate/index.ts';
import type { Parameter } from '../model/parameters.ts';
import type { PassOptions, Prepared, Trainable } from '../model/trainable.ts';
import { measureCurvature } from './curvature.ts';
import { measureVariance } from './measure.ts';
import { objectiveOf } from './objective-of.ts';
import { measureSharpness } from './sharpness.ts';
import { estimate, type Measured } from './statistics.ts';
import { dispose, inner, plus, type Vector } from './vectors.ts';

/** Where training stands when a probe looks at it. A probe changes nothing. */
export interface ProbeContext {
  model: Trainable;
  /** What the model prepared. */
  batch: Prepared;
  fo: readonly Parameter[];
  zo: readonly Parameter[];
  /** The estimator in use, the weight of the perturbed loss, and whether gradients recompute activations. */
  settings: Omit<EstimatorOptions, 'queries'> & { alpha?: number } & PassOptions;
  /** Seed of the probe's directions; take another each time. */
  seed: number;
}

/** Passes over the batch. A gradient is a forward and a backward pass. */
export interface Price {
  forwards: number;
  gradients: number;
}

/** A quantity that can be watched during training. */
export interface Probe {
  /** One sentence for people. */
  description: string;
  price(context: ProbeContext): Price;
  /** Its numbers by name. */
  measure(context: ProbeContext): Promise<Record<string, Measured>>;
}

const DRAWS = 8;
const PROBES = 2;
const STEPS = 8;
const DIRECTIONS = 4;
const exact = (mean: number): Measured => ({ mean, standardError: 0 });
const over = ({ model, batch, settings }: ProbeContext, list: readonly Parameter[]) =>
  objectiveOf(model, batch, list, { recompute: settings.recompute });

const estimateProbe: Probe = {
  description: 'How well the ZO estimate fits the true gradient of the ZO tensors.',
  price: ({ settings }) => ({
    forwards: settings.estimator === 'two-sided' ? 2 * DRAWS : DRAWS + 1,
    gradients: 1,
  }),
  async measure(context) {
    const options = { ...context.settings, draws: DRAWS, queries: [1], seed: context.seed };
    const { rows, curvature } = await measureVariance(over(context, context.zo), options);
    const { cosine, variance, varianceLaw } = rows[0]!;
    return { cosine, variance, varianceLaw: exact(varianceLaw), curvature };
  },
};

const rankProbe: Probe = {
  description:
    'Effective rank tr H / lambda_max over the ZO tensors: what takes the place of d in the step size.',
  price: () => ({ forwards: 0, gradients: 2 * (PROBES + STEPS) }),
  async measure(context) {
    const options = { probes: PROBES, steps: STEPS, seed: context.seed };
    const { effectiveRank, stableRank, trace, largest } = await measureCurvature(
      over(context, context.zo),
      options,
    );
    return { effectiveRank, stableRank, trace, largest: exact(largest) };
  },
};

const alphaProbe: Probe = {
  description:
    'alpha epsilon |H_FO,ZO u| / |grad_FO|: what the perturbed loss adds to the FO gradient beyond its length.',
  price: () => ({ forwards: 0, gradients: 3 }),
  async measure({ model, batch, fo, zo, settings, seed }) {
    const { alpha = 0.1, epsilon = 1e-3, recompute } = settings;
    const { engine, parameters: store } = model;
    const moved = new Set(zo);
    const u = { seed, step: 0, query: 0x80000005, law: 'gaussian' as const };
    const held: (Vector | undefined)[] = [];
    const gradientAt = async (scale: number): Promise<Vector> => {
      const weights = scale === 0 ? store.get : perturbedWeights(engine, store, moved, u, scale);
      const { gradients } = await model.lossAndGradients(weights, batch, fo, { recompute });
      held.push(gradients);
      return gradients;
    };
    try {
      const [clean, above, below] = [
        await gradientAt(0),
        await gradientAt(epsilon),
        await gradientAt(-epsilon),
      ];
      const difference = plus(engine, above, below, -1);
      held.push(difference);
      const size = async (v: Vector) => Math.sqrt(await inner(engine, v, v));
      return { share: estimate([((alpha / 2) * (await size(difference))) / (await size(clean))]) };
    } finally {
      dispose(...held);
    }
  },
};

const sharpnessProbe: Probe = {
  description: 'Rise of the loss when every tensor moves by 5% of its norm.',
  price: () => ({ forwards: 2 * DIRECTIONS + 2, gradients: 1 }),
  async measure(context) {
    const list = [...context.fo, ...context.zo];
    const options = { directions: DIRECTIONS, seed: context.seed };
    const { rise, ascent } = await measureSharpness(over(context, list), options);
    return { rise, ascent: exact(ascent) };
  },
};

/** Quantities that can be watched during training, by name. */
export const probes = {
  estimate: estimateProbe,
  effectiveRank: rankProbe,
  perturbedStream: alphaProbe,
  sharpness: sharpnessProbe,
} as const satisfies Record<string, Probe>;
