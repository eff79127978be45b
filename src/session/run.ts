import { liveFigure, progress } from '../notebook/index.ts';
import { historyText, liveLossFigure } from '../plot/index.ts';
import type { HistoryRow, AnyTrainer } from '../train/index.ts';
import type { RunControl, RunOrder } from './run-control.ts';

/** Options of `run`. */
export interface RunOptions {
  /** Ends the run between steps; the notebook's stop button does too. */
  signal?: AbortSignal;
  /** Show progress and a live loss figure; defaults to the session's `show`. */
  show?: boolean;
  /** Called after each step, and awaited; calls of the session that it makes are done between this step and the next. */
  onStep?: (row: HistoryRow) => unknown;
}

/** A run with a progress bar and the loss as it falls. */
export async function shownRun(
  control: RunControl,
  trainer: AnyTrainer,
  label: string,
  order: RunOrder & { steps: number },
): Promise<void> {
  const bar = progress({ total: order.steps, label });
  const live = liveFigure({ text: () => historyText(trainer.rows) });
  let done = 0;
  let ended: string | undefined;
  const onStep = (row: HistoryRow) => {
    bar.update(++done, { loss: Number.isNaN(row.loss) ? row.perturbedLoss : row.loss });
    live.update(() => liveLossFigure(trainer.rows));
    return order.onStep?.(row);
  };
  try {
    ended = await control.go({ ...order, onStep });
  } finally {
    bar.done(ended);
    await live.done(trainer.steps ? liveLossFigure(trainer.rows) : undefined);
  }
}
