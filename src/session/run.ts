import { liveFigure, progress } from '../notebook/index.ts';
import { historyText, liveLossFigure } from '../plot/index.ts';
import type { HistoryRow, Trainer } from '../train/index.ts';

/** Options of `run`. */
export interface RunOptions {
  /** Ends the run between steps; the notebook's stop button does too. */
  signal?: AbortSignal;
  /** Show progress and a live loss figure; defaults to the session's `show`. */
  show?: boolean;
  /** Called after each step, and awaited. */
  onStep?: (row: HistoryRow) => unknown;
}

/** Runs `steps` steps, showing the loss as it falls; ends between two steps when `signal` fires. */
export async function runSteps(
  trainer: Trainer,
  label: string,
  steps: number,
  { signal, show, onStep }: RunOptions,
): Promise<void> {
  const bar = show ? progress({ total: steps, label }) : undefined;
  const live = show ? liveFigure({ text: () => historyText(trainer.rows) }) : undefined;
  const first = trainer.steps;
  try {
    while (trainer.steps < first + steps) {
      if (signal?.aborted) {
        trainer.note('stop', `stopped after ${trainer.steps - first} of ${steps} steps`);
        break;
      }
      const row = await trainer.step();
      bar?.update(trainer.steps - first, { loss: Number.isNaN(row.loss) ? row.perturbedLoss : row.loss });
      live?.update(liveLossFigure(trainer.rows));
      await onStep?.(row);
      await new Promise(setImmediate); // let clicks and the stop button through
    }
  } finally {
    bar?.done();
    await live?.done(trainer.steps ? liveLossFigure(trainer.rows) : undefined);
  }
}
