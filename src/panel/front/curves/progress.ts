import type { RowColumn } from '../../protocol.ts';

/** What the curves are drawn against. */
export type ProgressAxis = Extract<RowColumn, 'step' | 'forwardPasses' | 'flops' | 'seconds'>;

export const progressNames: Record<ProgressAxis, string> = {
  step: 'steps',
  forwardPasses: 'forward passes',
  flops: 'FLOPs',
  seconds: 'seconds',
};

/**
 * Where something that happened after `done` steps lies on an axis: between the rows. `steps` and `values` are columns of
 * the rows, steps ascending.
 */
export function placeOf(
  done: number,
  axis: ProgressAxis,
  steps: ArrayLike<number>,
  values: ArrayLike<number>,
): number {
  if (axis === 'step') return done - 0.5;
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle]! < done) low = middle + 1;
    else high = middle;
  }
  return low > 0 ? values[low - 1]! : (values[0] ?? 0);
}
