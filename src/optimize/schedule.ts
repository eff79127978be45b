import { ConfigError } from '../errors.ts';

/** Learning rate over time: constant, GreenTrainer's linear decay to 0 over `steps`, or a factor by step (from 0). */
export type Schedule = 'constant' | { linear: number } | ((step: number) => number);

/** Factor on the base rate at `step` (from 0). */
export function rateAt(schedule: Schedule, step: number): number {
  if (schedule === 'constant') return 1;
  if (typeof schedule === 'function') return schedule(step);
  if (!(schedule.linear > 0)) {
    throw new ConfigError(`A linear schedule needs its number of steps, given ${schedule.linear}.`);
  }
  return Math.max(0, 1 - step / schedule.linear);
}
