import { reachGreenTrainer, selectGreenTrainer } from './greentrainer.ts';
import { reachExact, selectExact } from './knapsack.ts';

/** How each solver selects within a budget, and what it can select from. */
export const solvers = {
  exact: { select: selectExact, reach: reachExact },
  greentrainer: { select: selectGreenTrainer, reach: reachGreenTrainer },
} as const;

export type SolverName = keyof typeof solvers;
