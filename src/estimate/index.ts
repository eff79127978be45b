export { checkLaw, directionLaws, type DirectionLaw } from './law.ts';
export { directionPart, drawDirection, keyOf, type Direction } from './direction.ts';
export { combine, moved, perturbedWeights } from './perturb.ts';
export { KEPT_BYTES, KeptParts } from './kept-parts.ts';
export {
  estimatorNames,
  estimatorSettings,
  perturbedPasses,
  projectedGradient,
  type EstimatorName,
  type EstimatorOptions,
  type EstimatorSettings,
  type Probe,
} from './estimator.ts';
