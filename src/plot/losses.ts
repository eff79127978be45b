import { movingAverage, type HistoryRow } from '../train/index.ts';
import type { Progress } from './progress.ts';
import { colours, escaped, faded } from './theme.ts';
import { thinned } from './thin.ts';

/** The two losses mostly lie on each other: a wide line, and dashes in the middle of it. */
const wide = { width: 4, dash: 'solid' };
const overIt = { width: 2, dash: '6px,7px' };

/** Above this many points traces are drawn with WebGL. */
const WEBGL_FROM = 2000;

/** Up to here marks of skipped updates are large. */
const FEW = 12;

/** The trace type for a number of points. */
export const lineType = (points: number) => (points > WEBGL_FROM ? 'scattergl' : 'scatter');

/** Numbers of a row that are drawn. */
export type Column = 'loss' | 'perturbedLoss' | 'coefficient' | 'gradientNorm';

/** Whether a run has a column at all. */
export const has = (rows: readonly HistoryRow[], column: Column) =>
  rows.some((row) => Number.isFinite(row[column]));

/** A raw trace, faint, and its moving average over all rows. */
function averagedTraces(
  rows: readonly HistoryRow[],
  column: 'loss' | 'perturbedLoss',
  x: Progress,
  limit: number,
): object[] {
  if (!has(rows, column)) return [];
  const [name, colour] =
    column === 'loss' ? ['clean loss', colours.clean] : ['perturbed loss', colours.perturbed];
  const raw = rows.map((row) => row[column]);
  const smooth = movingAverage(raw);
  const kept = thinned(raw, limit);
  const common = {
    type: lineType(kept.length),
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
      line: { color: colour, ...(column === 'loss' ? wide : overIt) },
      hovertemplate: `${name}, averaged %{y}<extra></extra>`,
    },
  ];
}

/** Both losses: the raw traces, and over them their moving averages. */
export function lossTraces(rows: readonly HistoryRow[], x: Progress, limit: number): object[] {
  const clean = averagedTraces(rows, 'loss', x, limit);
  const perturbed = averagedTraces(rows, 'perturbedLoss', x, limit);
  return [...clean.slice(0, 1), ...perturbed.slice(0, 1), ...clean.slice(1), ...perturbed.slice(1)];
}

/** Marks on the loss where an update was skipped; the reason on hover. */
export function skippedTrace(rows: readonly HistoryRow[], x: Progress, limit: number): object[] {
  const level = movingAverage(rows.map((row) => (has(rows, 'loss') ? row.loss : row.perturbedLoss)));
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
      customdata: skipped.map(({ row }) => escaped(`step ${row.step} skipped: ${row.skipped}`)),
      hovertemplate: '%{customdata}<extra></extra>',
      marker: { symbol: 'x', size: skipped.length > FEW ? 5 : 10, color: colours.alarm },
    },
  ];
}
