import { ConfigError } from '../errors.ts';
import type { Parameter } from '../model/parameters.ts';
import { totalCost } from '../profile/cost.ts';
import type { Profile, Reach } from '../profile/importance.ts';
import { budgetOf, rhoOf, type Budget } from './budget.ts';
import { solvers, type SolverName } from './solvers.ts';

/**
 * What a budget of `rho` can buy by either solver, and so any smaller one: a tensor that costs more than the budget by itself, with
 * the error signal carried to it, is in no selection. For `profileModel`, which then measures importance there alone.
 */
export function reachOf(rho: number): Reach {
  return {
    rho,
    of(costs, parameters) {
      const total = totalCost(costs);
      const { cost } = budgetOf(rho, total);
      const each = Object.values(solvers).map((solver) => solver.reach(costs, cost));
      const reached = parameters.map((p, k) => !p.base && each.some((r) => r[k]));
      if (reached.includes(true)) return reached;
      let carried = 0;
      const alone = parameters.map((_, depth) => {
        const k = parameters.length - 1 - depth;
        carried += costs[k]!.dy;
        return parameters[k]!.base ? Infinity : carried + costs[k]!.dw;
      });
      const least = Math.ceil(100 * rhoOf(Math.min(...alone) / total.backward, total)) / 100;
      throw new ConfigError(
        `A budget of rho ${rho} can buy no tensor: there is nothing to measure. Take rho >= ${least}, or profile() without rho.`,
      );
    },
  };
}

/** Tensors that a selection within `budget` could hold and whose importance was not measured. */
export function unmeasured(
  { entries }: Profile,
  { cost }: Budget,
  solver: SolverName = 'exact',
): Parameter[] {
  const reached = solvers[solver].reach(entries, cost);
  return entries.filter((e, k) => !e.reached && reached[k]).map((e) => e.parameter);
}
