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
  bendLaw,
  curvatureLaw,
  descentLaw,
  quadraticSecondMoment,
  slowdownLaw,
  squaredCurvature,
  type DescentFacts,
  type QuadraticFacts,
} from './quadratic-laws.ts';
export {
  along,
  modelObjective,
  statesBelow,
  type LossAndGradient,
  type Move,
  type Objective,
} from './objective.ts';
export { objectiveOf } from './objective-of.ts';
export { quadratic, type QuadraticOptions } from './quadratic.ts';
export { estimate, root, type Measured, type Moments } from './statistics.ts';
export type { GroupVariance, TensorVariance, VarianceReport, VarianceRow } from './report.ts';
export type { GroupName, GroupSums, Sums, WholeSums } from './sums.ts';
export { continueVariance, measureVariance, type VarianceOptions } from './measure.ts';
export { lawChecks, type LawCheck } from './checks.ts';
export { scatterLaw, type Scattering } from './scatter.ts';
export { DIFFERENCE_LENGTH, hessianVector } from './hessian.ts';
export { measureCurvature, type CurvatureOptions, type CurvatureReport } from './curvature.ts';
export { measureRounding, roundingLaw, type RoundingReport } from './rounding.ts';
export { measureBatchNoise, type BatchNoise } from './batch-noise.ts';
export { measureDescent, type DescentOptions, type DescentPoint, type DescentReport } from './descent.ts';
export { splitError, type ErrorPart, type ErrorSplit } from './split.ts';
export {
  bestStepLaw,
  curvatureAlongGradient,
  tryStep,
  type BestStep,
  type StepFacts,
  type TryOptions,
} from './best-step.ts';
export { measureRoutes, traceOf, type Routes, type RoutesOptions } from './routes.ts';
export { measureSharpness, type SharpnessReport } from './sharpness.ts';
export { probes, type Price, type Probe, type ProbeContext } from './probes.ts';
export {
  filterNormalized,
  gradientAxis,
  pathAxes,
  project,
  randomAxis,
  snapshot,
  type PathAxes,
  type PlanePoint,
} from './axes.ts';
export { lossLine, lossPlane, type CutOptions, type LossLine, type LossPlane } from './landscape.ts';
export type { Vector } from './vectors.ts';
export { among, candidatesOf, firstRows, firstTargets, lastTokens, targetsBetween } from './batches.ts';
export {
  axes as sweepAxes,
  sweepModel,
  sweepVariance,
  type AxisName,
  type ModelSweep,
  type SweepOptions,
  type SweepPlace,
  type SweepPoint,
  type SweepReport,
} from './sweep.ts';
