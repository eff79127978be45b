export {
  tensorCosts,
  totalCost,
  selectionCost,
  type BatchSize,
  type TensorCost,
  type TotalCost,
} from './cost.ts';
export {
  profileModel,
  type Profile,
  type ProfileEntry,
  type ProfileOptions,
  type Reach,
  type TrialStep,
} from './importance.ts';
