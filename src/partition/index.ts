export { budgetOf, checkRho, type Budget } from './budget.ts';
export { selectExact, reachExact, measure, type Item, type ItemCost, type Selection } from './knapsack.ts';
export { selectGreenTrainer, reachGreenTrainer } from './greentrainer.ts';
export { reachOf, unmeasured } from './reach.ts';
export { selectParameters, describeSelector, type Selector } from './select.ts';
export {
  Partition,
  partitionSettings,
  type Label,
  type PartitionEntry,
  type PartitionOptions,
  type PartitionSummary,
  type Reason,
} from './partition.ts';
