import type { MethodName, StepOptions } from '../train/index.ts';

/** Settings for a task on the tiny model; found by a sweep (bench/sweep.ts, bench/results/sweep.md). */
export interface Preset {
  batchSize: number;
  maxLength: number;
  rho?: number;
  step: StepOptions;
}

const common = { batchSize: 16, maxLength: 96 };

/** Preset of a task under a method, or nothing for tasks that have none. */
export function presetFor(task: string, method: MethodName): Partial<Preset> {
  void task;
  void method;
  return { ...common, step: { rateFO: 1e-3, rateZO: 1e-4 } };
}
