export {
  cosineLaw,
  cosineSquaredLaw,
  excess,
  meanCosineLaw,
  meanExcess,
  normRatioLaw,
  secondMomentLaw,
  signLaw,
  tensorLaw,
  varianceLaw,
} from './laws.ts';
export {
  batchVarianceLaw,
  curvatureLaw,
  quadraticSecondMoment,
  slowdownLaw,
  squaredCurvature,
  type QuadraticFacts,
} from './quadratic-laws.ts';
export { along, modelObjective, type LossAndGradient, type Move, type Objective } from './objective.ts';
export { quadratic, type QuadraticOptions } from './quadratic.ts';
export { estimate, type Measured, type Moments } from './statistics.ts';
export type { GroupVariance, TensorVariance, VarianceReport, VarianceRow } from './report.ts';
export type { GroupName, GroupSums, Sums, WholeSums } from './sums.ts';
export { continueVariance, measureVariance, type VarianceOptions } from './measure.ts';
export { lawChecks, type LawCheck } from './checks.ts';
