import { inspect } from 'node:util';
import { ConfigError } from '../errors.ts';
import type { TotalCost } from '../profile/cost.ts';

/** Smallest share of the backward cost that a budget is given (GreenTrainer's floor). */
const FLOOR = 0.05;

/** A backward budget made from rho. */
export interface Budget {
  rho: number;
  /** Share of the full backward cost: rho (1 + t_fp / t_bp) - t_fp / t_bp, at least 0.05. */
  share: number;
  /** share * t_bp, in multiply-accumulates. */
  cost: number;
  /** Set when the floor or a bound took effect. */
  warning?: string;
}

/**
 * Converts rho, the share of a full step's FLOPs (forward included), to a budget for the backward pass, as GreenTrainer
 * does. rho 0 asks for no FO tensor at all and rho 1 for all that help; below t_fp / (t_fp + t_bp) the forward alone
 * spends rho, and the floor applies with a warning. Throws ConfigError outside [0, 1].
 */
export function budgetOf(rho: number, total: TotalCost): Budget {
  checkRho(rho);
  if (rho === 0) return { rho, share: 0, cost: 0 };
  if (rho === 1) return { rho, share: 1, cost: total.backward };
  const ratio = total.forward / total.backward;
  const share = rho * (1 + ratio) - ratio;
  if (share >= FLOOR) return { rho, share: Math.min(share, 1), cost: Math.min(share, 1) * total.backward };
  return {
    rho,
    share: FLOOR,
    cost: FLOOR * total.backward,
    warning:
      `rho ${rho} leaves ${(100 * share).toFixed(1)}% of the backward cost after the forward pass; ` +
      `the floor of ${100 * FLOOR}% is used. Take rho >= ${rhoOf(FLOOR, total).toFixed(2)} for a budget of its own.`,
  };
}

/** Throws ConfigError for a rho that is none. */
export function checkRho(rho: number): void {
  if (typeof rho === 'number' && rho >= 0 && rho <= 1) return;
  throw new ConfigError(
    `rho is ${inspect(rho)}; it is a share of a full step's FLOPs, a number from 0 to 1 (the paper uses 0.6).`,
  );
}

/** The rho that leaves a share of the backward cost after the forward pass. */
export function rhoOf(share: number, { forward, backward }: TotalCost): number {
  const ratio = forward / backward;
  return (share + ratio) / (1 + ratio);
}
