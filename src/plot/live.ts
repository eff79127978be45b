import type { HistoryRow } from '../train/index.ts';
import { runSummary } from './history-text.ts';
import { lossTraces, skippedTrace } from './losses.ts';
import { figureSpec, type FigureSpec } from './spec.ts';
import { axis, frame, legendNames } from './theme.ts';

/**
 * The losses alone, thinned to `maxPoints` a trace (defaults to 1000, at most 2000), for a display that updates in place.
 */
export function liveLossFigure(rows: readonly HistoryRow[], { maxPoints = 1000 } = {}): FigureSpec {
  const limit = Math.min(2000, maxPoints);
  const last = rows.at(-1);
  const data = [...lossTraces(rows, 'step', limit), ...skippedTrace(rows, 'step', limit)];
  return figureSpec(data, {
    ...frame({
      title: last ? `Step ${last.step}` : 'Training',
      subtitle: [runSummary(rows)],
      height: 360,
      legend: legendNames(data),
    }),
    xaxis: axis('step'),
    yaxis: axis('loss'),
    uirevision: 'live', // a zoom survives updates
  });
}
