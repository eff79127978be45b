export { cosineLaw, secondMomentLaw, tensorLaw, varianceLaw } from './laws.ts';
export { modelObjective, type Objective } from './objective.ts';
export { estimate, type Measured } from './statistics.ts';
export {
  measureVariance,
  type TensorVariance,
  type VarianceOptions,
  type VarianceReport,
  type VarianceRow,
} from './measure.ts';
