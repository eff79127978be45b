import { ConfigError } from '../errors.ts';

/** Learning rate over time: constant, GreenTrainer's linear decay to 0 over `steps`, or a factor by step (from 0). */
export type Schedule = 'constant' | { linear: number } | ((step: number) => number);

/** Factor on the base rate at `step` (from 0). */
export function rateAt(schedule: Schedule, step: number): number {
  if (schedule === 'constant') return 1;
  if (typeof schedule === 'function') {
    const factor = schedule(step);
    if (!(factor >= 0 && factor < Infinity)) {
      throw new ConfigError(
        `The schedule gives ${factor} at step ${step}; it must give a number of at least 0.`,
      );
    }
    return factor;
  }
  const steps = typeof schedule === 'object' ? schedule.linear : NaN;
  if (!(steps > 0)) {
    throw new ConfigError(
      `schedule is ${JSON.stringify(schedule)}; take 'constant', { linear: steps } or a function.`,
    );
  }
  return Math.max(0, 1 - step / steps);
}
