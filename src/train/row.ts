import type { Engine } from '../engine/index.ts';
import type { Partition } from '../partition/index.ts';
import type { StepCost } from './cost.ts';
import type { HistoryRow } from './history.ts';
import type { StepResult } from './step.ts';

/** All that a history row is made of. */
export interface RowParts {
  step: number;
  result: StepResult;
  partition: Partition;
  cost: StepCost;
  /** Wall time of the step. */
  seconds: number;
  memory: ReturnType<Engine['memory']>;
  /** The row before, for running sums. */
  last: HistoryRow | undefined;
}

/** The history row of a step. */
export function rowOf({
  step,
  result,
  partition,
  cost,
  seconds,
  memory,
  last,
}: RowParts): Readonly<HistoryRow> {
  const { coefficients: c } = result;
  const { sizeFO, sizeZO } = partition.summary();
  const sum = c.reduce((s, x) => s + x, 0);
  const energy = c.reduce((s, x) => s + x * x, 0);
  return Object.freeze({
    step,
    loss: result.loss,
    perturbedLoss: result.perturbedLoss,
    coefficient: sum / c.length,
    gradientNorm: result.gradientNorm,
    // directions are nearly orthogonal and have norm sqrt(d)
    estimateNorm: c.length ? Math.sqrt(energy * sizeZO) / c.length : NaN,
    skipped: result.skipped ?? '',
    sizeFO,
    sizeZO,
    forwardPasses: (last?.forwardPasses ?? 0) + cost.forwardPasses,
    flops: (last?.flops ?? 0) + cost.flops,
    seconds: (last?.seconds ?? 0) + seconds,
    stepSeconds: seconds,
    tensorBytes: memory.bytes,
    residentBytes: process.memoryUsage.rss(),
  });
}
