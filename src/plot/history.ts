import type { HistoryEvent, HistoryRow } from '../train/index.ts';
import { eventMarks } from './events.ts';
import { runSummary } from './history-text.ts';
import { has, lineType, lossTraces, skippedTrace } from './losses.ts';
import { progressTitles, type Progress } from './progress.ts';
import { figureSpec, type FigureSpec } from './spec.ts';
import { NEUTRAL, axis, colours, frame, heading, legendNames } from './theme.ts';
import { thinned } from './thin.ts';

export interface HistoryFigureOptions {
  /** What the run is drawn against; defaults to `step`. */
  x?: Progress;
  /** Edits and other events to mark. */
  events?: readonly HistoryEvent[];
  /** Points a trace at most; defaults to 10000. */
  maxPoints?: number;
}

interface Panel {
  column: 'coefficient' | 'gradientNorm';
  title: string;
  colour: string;
  axis: Record<string, unknown>;
}

const panels: readonly Panel[] = [
  {
    column: 'coefficient',
    title: 'ZO coefficient c',
    colour: colours.ZO,
    axis: { zeroline: true, zerolinecolor: NEUTRAL, zerolinewidth: 1 },
  },
  {
    column: 'gradientNorm',
    title: 'norm of the FO gradient',
    colour: colours.FO,
    axis: { rangemode: 'tozero' },
  },
];

/**
 * A run: clean and perturbed loss, averaged over the raw trace; below them the ZO coefficient and the norm of the FO
 * gradient, where the run has them. Skipped updates and events are marked.
 */
export function historyFigure(rows: readonly HistoryRow[], options: HistoryFigureOptions = {}): FigureSpec {
  const { x = 'step', events = [], maxPoints = 10_000 } = options;
  const shown = panels.filter((p) => has(rows, p.column));
  const low = shown.length === 0 ? 0 : shown.length === 1 ? 0.34 : 0.52; // lower end of the loss panel
  const domains = shown.map((_, i) => [0.27 * (shown.length - 1 - i), 0.27 * (shown.length - 1 - i) + 0.17]);
  const marks = eventMarks(events, rows, x);
  const below = shown.map(({ column, title, colour }, i) => {
    const values = rows.map((row) => row[column]);
    const kept = thinned(values, maxPoints);
    return {
      type: lineType(kept.length),
      mode: 'lines',
      name: title,
      x: kept.map((k) => rows[k]![x]),
      y: kept.map((k) => values[k]!),
      yaxis: `y${i + 2}`,
      line: { color: colour, width: 1.2 },
      showlegend: false,
      hovertemplate: `${title} %{y}<extra></extra>`,
    };
  });
  const axes = shown.map((p, i): [string, object] => [
    `yaxis${i + 2}`,
    axis('', { domain: domains[i], nticks: 4, ...p.axis }),
  ]);
  const data = [
    ...lossTraces(rows, x, maxPoints),
    ...below,
    ...skippedTrace(rows, x, maxPoints),
    ...marks.data,
  ];
  return figureSpec(data, {
    ...frame({
      title: 'Training',
      subtitle: [runSummary(rows)],
      height: 360 + 90 * shown.length,
      legend: legendNames(data),
    }),
    hovermode: 'x',
    xaxis: axis(progressTitles[x], { anchor: shown.length ? `y${shown.length + 1}` : 'y' }),
    yaxis: axis('loss', { domain: [low, 1] }),
    ...Object.fromEntries(axes),
    ...marks.layout,
    shapes: marks.shapes,
    annotations: [...shown.map((p, i) => heading(p.title, 0, domains[i]![1]!)), ...marks.annotations],
  });
}
