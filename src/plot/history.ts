import * as aq from 'arquero';
import type { ColumnTable } from 'arquero';
import { movingAverage, type HistoryEvent, type HistoryRow } from '../train/index.ts';
import { eventMarks } from './events.ts';
import { progressTitles, type Progress } from './progress.ts';
import { figureSpec, type FigureSpec } from './spec.ts';
import { NEUTRAL, axis, colours, faded, frame, heading } from './theme.ts';
import { thinned } from './thin.ts';
import { amount, count, duration, significant } from './words.ts';

/** Above this many points traces are drawn with WebGL. */
const WEBGL_FROM = 2000;

export interface HistoryFigureOptions {
  /** What the run is drawn against; defaults to `step`. */
  x?: Progress;
  /** Edits and other events to mark. */
  events?: readonly HistoryEvent[];
  /** Points a trace at most; defaults to 10000. */
  maxPoints?: number;
}

type Column = 'loss' | 'perturbedLoss' | 'coefficient' | 'gradientNorm';

const finite = (rows: readonly HistoryRow[], column: Column) =>
  rows.some((row) => Number.isFinite(row[column]));

/** A raw trace, faint, and its moving average over all rows. */
function lossTraces(
  rows: readonly HistoryRow[],
  column: 'loss' | 'perturbedLoss',
  x: Progress,
  limit: number,
): object[] {
  if (!finite(rows, column)) return [];
  const [name, colour] =
    column === 'loss' ? ['clean loss', colours.clean] : ['perturbed loss', colours.perturbed];
  const raw = rows.map((row) => row[column]);
  const smooth = movingAverage(raw);
  const kept = thinned(raw, limit);
  const common = {
    type: kept.length > WEBGL_FROM ? 'scattergl' : 'scatter',
    mode: 'lines',
    x: kept.map((i) => rows[i]![x]),
    legendgroup: column,
  };
  return [
    {
      ...common,
      name: `${name}, each step`,
      y: kept.map((i) => raw[i]!),
      line: { color: faded(colour, 0.35), width: 1 },
      showlegend: false,
      hovertemplate: `${name} %{y}<extra></extra>`,
    },
    {
      ...common,
      name,
      y: kept.map((i) => smooth[i]!),
      line: { color: colour, width: 2.5, dash: column === 'loss' ? 'solid' : 'dot' },
      hovertemplate: `${name}, averaged %{y}<extra></extra>`,
    },
  ];
}

/** Marks on the loss where an update was skipped; the reason on hover. */
function skippedTrace(rows: readonly HistoryRow[], x: Progress, limit: number): object[] {
  const level = movingAverage(rows.map((row) => (finite(rows, 'loss') ? row.loss : row.perturbedLoss)));
  const start = level.find(Number.isFinite) ?? 0;
  const skipped = rows.flatMap((row, i) => (row.skipped ? [{ row, y: level[i]! }] : [])).slice(-limit);
  if (skipped.length === 0) return [];
  return [
    {
      type: 'scatter',
      mode: 'markers',
      name: 'update skipped',
      x: skipped.map(({ row }) => row[x]),
      y: skipped.map(({ y }) => (Number.isFinite(y) ? y : start)),
      customdata: skipped.map(({ row }) => `step ${row.step} skipped: ${row.skipped}`),
      hovertemplate: '%{customdata}<extra></extra>',
      marker: { symbol: 'x', size: 10, color: colours.alarm },
    },
  ];
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
  const shown = panels.filter((p) => finite(rows, p.column));
  const low = shown.length === 0 ? 0 : shown.length === 1 ? 0.34 : 0.52; // lower end of the loss panel
  const domains = shown.map((_, i) => [0.27 * (shown.length - 1 - i), 0.27 * (shown.length - 1 - i) + 0.17]);
  const marks = eventMarks(events, rows, x);
  const below = shown.map(({ column, title, colour }, i) => {
    const values = rows.map((row) => row[column]);
    const kept = thinned(values, maxPoints);
    return {
      type: kept.length > WEBGL_FROM ? 'scattergl' : 'scatter',
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
  return figureSpec(
    [
      ...lossTraces(rows, 'loss', x, maxPoints),
      ...lossTraces(rows, 'perturbedLoss', x, maxPoints),
      ...below,
      ...skippedTrace(rows, x, maxPoints),
      ...marks.data,
    ],
    {
      ...frame({ title: 'Training', subtitle: [summary(rows)], height: 360 + 90 * shown.length }),
      hovermode: 'x',
      xaxis: axis(progressTitles[x], { anchor: shown.length ? `y${shown.length + 1}` : 'y' }),
      yaxis: axis('loss', { domain: [low, 1] }),
      ...Object.fromEntries(axes),
      ...marks.layout,
      shapes: marks.shapes,
      annotations: [...shown.map((p, i) => heading(p.title, 0, domains[i]![1]!)), ...marks.annotations],
    },
  );
}

/** The losses alone, thinned to `maxPoints` a trace (at most 2000, defaults to 1000), for a display that updates in place. */
export function liveLossFigure(rows: readonly HistoryRow[], { maxPoints = 1000 } = {}): FigureSpec {
  const limit = Math.min(2000, maxPoints);
  const last = rows.at(-1);
  return figureSpec(
    [
      ...lossTraces(rows, 'loss', 'step', limit),
      ...lossTraces(rows, 'perturbedLoss', 'step', limit),
      ...skippedTrace(rows, 'step', limit),
    ],
    {
      ...frame({ title: last ? `Step ${last.step}` : 'Training', subtitle: [summary(rows)], height: 360 }),
      xaxis: axis('step'),
      yaxis: axis('loss'),
      uirevision: 'live', // a zoom survives updates
    },
  );
}

/** First and last value of a column's moving average. */
function change(rows: readonly HistoryRow[], column: 'loss' | 'perturbedLoss'): string {
  const smooth = movingAverage(rows.map((row) => row[column])).filter(Number.isFinite);
  return `${significant(smooth[0] ?? NaN, 4)} → ${significant(smooth.at(-1) ?? NaN, 4)}`;
}

function summary(rows: readonly HistoryRow[]): string {
  if (rows.length === 0) return 'no steps yet';
  const parts = [`steps ${rows[0]!.step} to ${rows.at(-1)!.step}`];
  if (finite(rows, 'loss')) parts.push(`clean loss ${change(rows, 'loss')}`);
  if (finite(rows, 'perturbedLoss')) parts.push(`perturbed ${change(rows, 'perturbedLoss')}`);
  const skipped = rows.filter((row) => row.skipped).length;
  if (skipped > 0) parts.push(`${skipped} skipped`);
  return parts.join(' · ');
}

/** All rows, one column a field. */
export function historyTable(rows: readonly HistoryRow[]): ColumnTable {
  return aq.from(rows as HistoryRow[], columns);
}

const columns: (keyof HistoryRow)[] = [
  'step',
  'loss',
  'perturbedLoss',
  'coefficient',
  'gradientNorm',
  'estimateNorm',
  'skipped',
  'sizeFO',
  'sizeZO',
  'forwardPasses',
  'flops',
  'seconds',
  'stepSeconds',
  'tensorBytes',
  'residentBytes',
];

/** How a run went, in two lines; losses are moving averages. */
export function historyText(rows: readonly HistoryRow[]): string {
  const last = rows.at(-1);
  if (!last) return 'No steps yet.';
  const taken = rows.reduce((s, row) => s + row.stepSeconds, 0);
  const peak = Math.max(...rows.map((row) => row.residentBytes));
  const reason = rows.filter((row) => row.skipped).at(-1)?.skipped;
  return [
    summary(rows) + (reason ? ` (last: ${reason})` : ''),
    `${count(rows.length, 'step')} in ${duration(taken)} (${duration(taken / rows.length)} a step) · ` +
      `since the start ${count(last.forwardPasses, 'forward pass', 'forward passes')}, ${amount(last.flops)} FLOPs · ` +
      `at most ${amount(peak)}B resident`,
  ].join('\n');
}
