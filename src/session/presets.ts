import type { StepOptions } from '../train/index.ts';

/** Settings for a task on the tiny model. */
export interface Preset {
  batchSize: number;
  maxLength: number;
  step: StepOptions;
}

/** Rates found by `npx tsx bench/sweep.ts`; the runs are in bench/results/sweep.md. */
const rates: Record<string, { rateFO: number; rateZO: number }> = {
  'dialogue-summary': { rateFO: 1e-3, rateZO: 3e-4 },
  'word-problem': { rateFO: 3e-4, rateZO: 1e-4 },
  label: { rateFO: 1e-3, rateZO: 1e-4 },
  function: { rateFO: 1e-3, rateZO: 1e-4 },
};

/** Preset of a task, or nothing for a task that has none. */
export function presetFor(task: string): Partial<Preset> {
  const step = Object.hasOwn(rates, task) ? rates[task] : undefined;
  return step ? { batchSize: 16, maxLength: 96, step } : {};
}
