export { combine, keyOf, perturbedWeights, type Direction } from './direction.ts';
export {
  estimatorSettings,
  perturbedPasses,
  projectedGradient,
  type EstimatorName,
  type EstimatorOptions,
  type EstimatorSettings,
  type Probe,
} from './estimator.ts';
