import * as aq from 'arquero';
import type { ColumnTable } from 'arquero';
import { movingAverage, type HistoryRow } from '../train/index.ts';
import { has } from './losses.ts';
import { amount, count, duration, significant } from './words.ts';

/** First and last value of a column's moving average. */
function change(rows: readonly HistoryRow[], column: 'loss' | 'perturbedLoss'): string {
  const smooth = movingAverage(rows.map((row) => row[column])).filter(Number.isFinite);
  return `${significant(smooth[0] ?? NaN, 4)} → ${significant(smooth.at(-1) ?? NaN, 4)}`;
}

/** First and last losses in one line. */
export function runSummary(rows: readonly HistoryRow[]): string {
  if (rows.length === 0) return 'no steps yet';
  const parts = [`steps ${rows[0]!.step} to ${rows.at(-1)!.step}`];
  if (has(rows, 'loss')) parts.push(`clean loss ${change(rows, 'loss')}`);
  if (has(rows, 'perturbedLoss')) parts.push(`perturbed ${change(rows, 'perturbedLoss')}`);
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
    runSummary(rows) + (reason ? ` (last: ${reason})` : ''),
    `${count(rows.length, 'step')} in ${duration(taken)} (${duration(taken / rows.length)} a step) · ` +
      `since the start ${count(last.forwardPasses, 'forward pass', 'forward passes')}, ${Number.isNaN(last.flops) ? '' : `${amount(last.flops)} FLOPs · `}` +
      `at most ${amount(peak)}B resident`,
  ].join('\n');
}
