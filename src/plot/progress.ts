import type { HistoryEvent, HistoryRow } from '../train/index.ts';

/** What a run is drawn against. */
export type Progress = 'step' | 'forwardPasses' | 'flops' | 'seconds';

/** Axis titles. */
export const progressTitles: Record<Progress, string> = {
  step: 'step',
  forwardPasses: 'forward passes',
  flops: 'FLOPs',
  seconds: 'time (s)',
};

/** Where an event lies between the rows of a run. */
export function eventPosition(event: HistoryEvent, rows: readonly HistoryRow[], x: Progress): number {
  if (x === 'step') return event.step - 0.5;
  const before = rows.filter((row) => row.step < event.step).at(-1);
  if (before) return before[x];
  const first = rows[0];
  if (!first) return 0;
  return x === 'seconds' ? first.seconds - first.stepSeconds : first[x];
}
