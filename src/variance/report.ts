import type { EstimatorSettings } from '../estimate/index.ts';
import type { Parameter } from '../model/parameters.ts';
import {
  cosineLaw,
  excess,
  meanCosineLaw,
  meanExcess,
  normRatioLaw,
  secondMomentLaw,
  signLaw,
  tensorLaw,
  varianceLaw,
} from './laws.ts';
import { errorUnderLaw } from './scatter.ts';
import { deviation, measured, root, type Measured } from './statistics.ts';
import { groupsOf, type GroupName, type Sums, type TensorFacts } from './sums.ts';

/** The estimate with q queries, measured and by law. Everything is relative to |g|. */
export interface VarianceRow {
  q: number;
  /** Independent estimates behind the figures: floor(draws / q). */
  samples: number;
  /** E|g^|^2 / |g|^2. */
  secondMoment: Measured;
  /** The law at epsilon -> 0, and with the curvature that was measured. */
  law: number;
  lawWithCurvature: number;
  /** (measured - law with curvature) / the law's standard error, or the sample's own where the law has none. */
  deviation: number;
  /** E|g^ - g|^2 / |g|^2, and its law with the curvature that was measured. */
  variance: Measured;
  varianceLaw: number;
  /** Mean cosine of g^ and g, and its law. */
  cosine: Measured;
  cosineLaw: number;
  /** Root mean square cosine, measured (with its standard error) and by law. */
  rmsCosine: number;
  rmsCosineError: number;
  rmsCosineLaw: number;
  /** E|g^| / |g|. */
  normRatio: Measured;
  normRatioLaw: number;
  /** Share of coordinates whose sign is right; a half is a coin. */
  signAgreement: Measured;
  signLaw: number;
}

/** The part of one tensor in the estimate's second moment at q = 1. */
export interface TensorVariance {
  parameter: Parameter;
  /** E|g^_k|^2 / |g|^2 and its law. */
  secondMoment: Measured;
  law: number;
  /** |g_k|^2 / |g|^2: the tensor's share of the true gradient. */
  gradientShare: number;
}

/** The part of a tensor, a layer or a role in the estimate at q = 1. */
export interface GroupVariance extends GroupName {
  /** Values in it. */
  size: number;
  gradientShare: number;
  /** E|g^_k|^2 / |g|^2 and its law. */
  secondMoment: Measured;
  law: number;
  /** Root mean square cosine of g^_k and g_k; 1 / sqrt(size) by law, whatever the other parts do. */
  rmsCosine: Measured;
  rmsCosineLaw: number;
  signAgreement: Measured;
}

/** What a variance measurement found: plain data. Give it back to `continueVariance` for more draws. */
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
  /** E<g^ - g, g> / |g|^2 against the gradient by backpropagation, from c - u.g, so free of the direction's own noise. */
  bias: Measured;
  rows: VarianceRow[];
  tensors: TensorVariance[];
  groups: GroupVariance[];
  /** c_i against u_i . g, the derivative that it estimates. */
  coefficients: { measured: number; exact: number }[];
  /** What the figures are made of, for going on. */
  sums: Sums;
}

/** What a report is made of. */
export interface ReportParts {
  settings: EstimatorSettings;
  seed: number;
  loss: number;
  facts: readonly TensorFacts[];
  coefficients: { measured: number; exact: number }[];
  sums: Sums;
}

/** Sums as a report, laws beside them. Rows of q with fewer than two estimates are left out. */
export function reportOf({ settings, seed, loss, facts, coefficients, sums }: ReportParts): VarianceReport {
  const { law, rank } = settings;
  const total = (of: (f: TensorFacts) => number) => facts.reduce((s, f) => s + of(f), 0);
  const d = total((f) => f.parameter.size);
  const g2 = total((f) => f.square);
  const coordinates = total((f) => f.coordinates);
  const meanShare = total((f) => f.absolute) / coordinates / Math.sqrt(g2);
  const meanCube = total((f) => f.cube) / coordinates / g2 ** 1.5;
  const x = meanExcess(law, facts.map((f) => ({ shape: f.parameter.shape, share: f.square / g2 })), rank); // prettier-ignore
  const curvature = measured(sums.curvature);
  const K = curvature.mean;
  const known = law !== 'low-rank'; // cosines and signs along low-rank directions have no law

  const rows = sums.whole
    .filter((w) => w.secondMoment.n >= 2)
    .map(({ q, ...w }): VarianceRow => {
      const secondMoment = measured(w.secondMoment);
      const lawWithCurvature = secondMomentLaw(d, q, law, K, x);
      const { n: samples } = w.secondMoment;
      const lawError = errorUnderLaw('second moment', { d, q, law, K, samples });
      const rms = root(measured(w.cosineSquared));
      return {
        q,
        samples,
        secondMoment,
        law: secondMomentLaw(d, q, law, 0, x),
        lawWithCurvature,
        deviation: deviation(secondMoment, lawWithCurvature, lawError),
        variance: measured(w.variance),
        varianceLaw: varianceLaw(d, q, law, K, x),
        cosine: measured(w.cosine),
        cosineLaw: known ? meanCosineLaw(d, q, K) : NaN,
        rmsCosine: rms.mean,
        rmsCosineError: rms.standardError,
        rmsCosineLaw: cosineLaw(d, q, law, K),
        normRatio: measured(w.normRatio),
        normRatioLaw: known ? normRatioLaw(d, q, K) : NaN,
        signAgreement: measured(w.signAgreement),
        signLaw: known ? signLaw(q, law, meanShare, meanCube, K) : NaN,
      };
    });
  const groups = groupsOf(facts.map((f) => f.parameter)).map(({ kind, name, members }, i): GroupVariance => {
    const own = members.map((k) => facts[k]!);
    const size = own.reduce((s, f) => s + f.parameter.size, 0);
    const square = own.reduce((s, f) => s + f.square, 0);
    const share = square / g2;
    const inside = own.reduce(
      (s, f) => s + (square > 0 ? f.square / square : 0) * excess(law, f.parameter.shape, rank),
      0,
    );
    const sum = sums.groups[i]!;
    return {
      kind,
      name,
      size,
      gradientShare: share,
      secondMoment: measured(sum.secondMoment),
      law: tensorLaw(size, share, 1, law, { d, x: inside, K }),
      rmsCosine: root(measured(sum.cosineSquared)),
      rmsCosineLaw: square > 0 ? cosineLaw(size, 1, law) : NaN,
      signAgreement: measured(sum.signAgreement),
    };
  });
  return {
    settings,
    seed,
    draws: coefficients.length,
    dimension: d,
    loss,
    gradientNorm: Math.sqrt(g2),
    curvature,
    bias: measured(sums.bias),
    rows,
    tensors: facts.map(({ parameter, square }, i) => {
      const { secondMoment, law: lawOfTensor } = groups[i]!;
      return { parameter, secondMoment, law: lawOfTensor, gradientShare: square / g2 };
    }),
    groups,
    coefficients,
    sums,
  };
}
