import * as aq from 'arquero';
import type { ColumnTable } from 'arquero';
import type { ErrorSplit } from '../variance/index.ts';
import { logAxis } from './log-ticks.ts';
import { figureSpec, type FigureSpec } from './spec.ts';
import { axis, colours, frame, legendNames } from './theme.ts';
import { plusMinus, significant } from './words.ts';

const names = {
  direction: 'directions',
  curvature: 'curvature',
  rounding: 'rounding',
  'mini-batch': 'mini-batch',
} as const;

/** The sources of the estimate's error on a logarithmic axis, beside the variance that was measured on one batch. */
export function splitFigure({ q, parts, measured, predicted }: ErrorSplit): FigureSpec {
  const rows = [
    ...parts.map((p) => ({ name: names[p.source], ...p.share, how: p.how })),
    { name: 'measured', ...measured, how: 'estimates on one batch' },
  ].filter((r) => r.mean > 0);
  const bar = (list: typeof rows, name: string, color: string) => ({
    type: 'bar',
    orientation: 'h',
    name,
    y: list.map((r) => r.name),
    x: list.map((r) => r.mean),
    error_x: { array: list.map((r) => r.standardError), color: colours.law, thickness: 1.5, width: 4 },
    marker: { color },
    customdata: list.map((r) => `<b>${r.name}</b> ${plusMinus(r.mean, r.standardError)} |g|²<br>${r.how}`),
    hovertemplate: '%{customdata}<extra></extra>',
  });
  const data = [
    bar(rows.slice(0, -1), 'source', colours.ZO),
    bar(rows.slice(-1), 'measured on one batch', colours.clean),
  ];
  const values = rows.flatMap((r) => [r.mean - r.standardError, r.mean + r.standardError]);
  const positive = values.filter((v) => v > 0);
  return figureSpec(data, {
    ...frame({
      title: 'Where the error of the ZO estimate comes from',
      subtitle: [
        `q = ${q} · sources but the mini-batch sum to ${plusMinus(predicted.mean, predicted.standardError)} |g|², ` +
          `measured ${plusMinus(measured.mean, measured.standardError)}`,
      ],
      height: 120 + 62 * rows.length,
      legend: legendNames(data),
      left: 100,
    }),
    xaxis: axis('share of E|ĝ − g|² / |g|²', { ...logAxis([...positive, Math.min(...positive) / 3]) }),
    yaxis: axis('', { autorange: 'reversed', ticks: '' }),
    bargap: 0.35,
  });
}

/** One row for each source. */
export function splitTable({ parts, measured }: ErrorSplit): ColumnTable {
  const rows = [...parts, { source: 'measured', share: measured, how: 'estimates on one batch' }];
  return aq.table({
    source: rows.map((p) => p.source),
    share: rows.map((p) => p.share.mean),
    standardError: rows.map((p) => p.share.standardError),
    how: rows.map((p) => p.how),
  });
}

/** What each source adds, in words. */
export function splitText({ q, parts, measured, predicted }: ErrorSplit): string {
  const error = Math.hypot(measured.standardError, predicted.standardError);
  const off = (measured.mean - predicted.mean) / error;
  return [
    `Error of the ZO estimate at q = ${q}, as shares of |g|²:`,
    ...parts.map((p) => `  ${names[p.source]} ${plusMinus(p.share.mean, p.share.standardError)} (${p.how})`),
    `Without the mini-batch ${plusMinus(predicted.mean, predicted.standardError)}; measured on one batch ` +
      `${plusMinus(measured.mean, measured.standardError)}, ${significant(Math.abs(off), 2)} standard errors ${off < 0 ? 'below' : 'above'}.`,
  ].join('\n');
}
