export { budgetOf, type Budget } from './budget.ts';
export { selectExact, measure, type Item, type Selection } from './knapsack.ts';
export { selectGreenTrainer } from './greentrainer.ts';
export { selectParameters, describeSelector, type Selector } from './select.ts';
export {
  Partition,
  type Label,
  type PartitionEntry,
  type PartitionOptions,
  type PartitionSummary,
  type Reason,
} from './partition.ts';
