export { checkLaw, directionLaws, type DirectionLaw } from './law.ts';
export {
  combine,
  directionPart,
  drawDirection,
  keyOf,
  moved,
  perturbedWeights,
  type Direction,
} from './direction.ts';
export { KEPT_BYTES, KeptParts } from './kept-parts.ts';
export {
  estimatorSettings,
  perturbedPasses,
  projectedGradient,
  type EstimatorName,
  type EstimatorOptions,
  type EstimatorSettings,
  type Probe,
} from './estimator.ts';
