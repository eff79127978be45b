import * as aq from 'arquero';
import type { ColumnTable } from 'arquero';
import { lawChecks } from '../variance/checks.ts';
import type { BatchNoise, SweepPoint, SweepReport, VarianceReport } from '../variance/index.ts';
import { logAxis } from './log-ticks.ts';
import { figureSpec, type FigureSpec } from './spec.ts';
import { axis, colours, frame, heading, legendNames } from './theme.ts';
import { signed } from './variance-text.ts';
import { amount, count, plusMinus, significant } from './words.ts';

interface Panel {
  title: string;
  of: (p: SweepPoint) => { mean: number; standardError: number } | undefined;
  law?: (p: SweepPoint) => number;
}

const row = (p: SweepPoint) => p.report.rows[0];

/** What is drawn against the axis. The lowest q that was asked for stands for the estimate. */
const panels: Panel[] = [
  { title: 'variance / |g|²', of: (p) => row(p)?.variance, law: (p) => row(p)?.varianceLaw ?? NaN },
  {
    title: 'cosine to the gradient (rms)',
    of: (p) => row(p) && { mean: row(p)!.rmsCosine, standardError: row(p)!.rmsCosineError },
    law: (p) => row(p)?.rmsCosineLaw ?? NaN,
  },
  { title: 'curvature and rounding K', of: (p) => p.report.curvature },
  {
    title: 'mini-batch noise tr Σ / (B |g|²)',
    of: (p) => (p.noise && Number.isFinite(p.noise.ratio.mean) ? p.noise.ratio : undefined),
  },
];

/**
 * A sweep: variance and cosine beside their laws, what curvature and rounding add, and the mini-batch noise where it was
 * measured, each against the axis.
 */
export function sweepFigure(report: SweepReport): FigureSpec {
  const { points } = report;
  const shown = panels.filter((panel) => points.some((p) => panel.of(p)));
  const x = scale(points);
  const data: object[] = [];
  const axes: [string, object][] = [];
  const annotations: object[] = [];
  const height = shown.length > 2 ? 0.36 : 1;
  shown.forEach((panel, i) => {
    const n = i === 0 ? '' : String(i + 1);
    const [left, top] = [i % 2 === 0 ? 0 : 0.57, i < 2 ? 1 : height];
    const ends = points.flatMap((p) => {
      const found = panel.of(p);
      return found ? [found.mean - found.standardError, found.mean + found.standardError, panel.law?.(p) ?? NaN] : []; // prettier-ignore
    });
    const y = scaleOf(ends);
    axes.push([
      `xaxis${n}`,
      axis(report.axis, { domain: [left, left + 0.43], anchor: `y${n}`, ...x.settings }),
    ]);
    axes.push([`yaxis${n}`, axis('', { domain: [top - height, top], anchor: `x${n}`, ...y })]);
    annotations.push(heading(panel.title, left, top, { yshift: 2 }));
    data.push(...traces(panel, points, x.at, { xaxis: `x${n}`, yaxis: `y${n}`, showlegend: i === 0 }));
  });
  return figureSpec(data, {
    ...frame({
      title: `The ZO estimate against ${report.axis}`,
      subtitle: [subtitle(report)],
      height: shown.length > 2 ? 640 : 400,
      legend: legendNames(data),
      headroom: 24,
    }),
    ...Object.fromEntries(axes),
    annotations,
  });
}

function traces(panel: Panel, points: readonly SweepPoint[], x: (number | string)[], on: object): object[] {
  const found = points.map((p) => panel.of(p) ?? { mean: NaN, standardError: NaN });
  const measured = {
    ...on,
    type: 'scatter',
    mode: 'markers',
    name: 'measured (± 1 standard error)',
    x,
    y: found.map((f) => f.mean),
    error_y: { array: found.map((f) => f.standardError), color: colours.ZO, thickness: 1.5, width: 4 },
    marker: { color: colours.ZO, size: 9 },
    customdata: points.map(
      (p, i) => `<b>${text(p.value)}</b>: ${plusMinus(found[i]!.mean, found[i]!.standardError, 4)}`,
    ),
    hovertemplate: '%{customdata}<extra></extra>',
  };
  if (!panel.law) return [measured];
  const law = {
    ...on,
    type: 'scatter',
    mode: 'lines',
    name: 'law',
    x,
    y: points.map(panel.law),
    line: { color: colours.law, width: 2, dash: 'dash' },
    hovertemplate: 'law %{y:.5~g}<extra></extra>',
  };
  return [law, measured];
}

const text = (value: number | string) => (typeof value === 'number' ? significant(value) : value);

/** Positions on the axis: logarithmic where the values span more than a factor of 5, else names or plain numbers. */
function scale(points: readonly SweepPoint[]): { at: (number | string)[]; settings: object } {
  const values = points.map((p) => p.value);
  const numbers = values.filter((v): v is number => typeof v === 'number');
  if (numbers.length < values.length) return { at: values.map(text), settings: { type: 'category' } };
  const spans = Math.min(...numbers) > 0 && Math.max(...numbers) > 5 * Math.min(...numbers);
  const shown = apart(numbers, spans ? Math.log : (v) => v);
  const ticks = { tickvals: shown, ticktext: shown.map((v) => significant(v)), tickangle: 0 };
  return { at: numbers, settings: spans ? { type: 'log', ...ticks } : ticks };
}

/** The values whose labels do not run into each other. */
function apart(values: readonly number[], place: (v: number) => number): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const room = 0.2 * (place(sorted.at(-1)!) - place(sorted[0]!));
  const kept: number[] = [];
  for (const v of sorted) if (!kept.length || place(v) - place(kept.at(-1)!) >= room) kept.push(v);
  return kept;
}

/** Logarithmic where values are positive and span more than a factor of 3. */
function scaleOf(values: readonly number[]): object {
  const known = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return low > 0 && high > 3 * low ? logAxis(known) : { tickformat: high >= 1000 ? '.3~s' : '.3~g' };
}

/** What was the same at every value. */
function subtitle({ points }: SweepReport): string {
  const first = points[0]?.report;
  if (!first) return 'no value was measured';
  const constant = (of: (r: VarianceReport) => string) =>
    points.every((p) => of(p.report) === of(first)) ? [of(first)] : [];
  return [
    ...constant((r) => r.settings.estimator),
    ...constant((r) => r.settings.law),
    ...constant((r) => `epsilon ${significant(r.settings.epsilon)}`),
    `q = ${first.rows[0]?.q ?? 1}`,
    ...constant((r) => count(r.draws, 'draw')),
    ...constant((r) => `${amount(r.dimension)} values`),
  ].join(' · ');
}

/** One row for each value. */
export function sweepTable({ axis: name, points }: SweepReport): ColumnTable {
  const of = (pick: (p: SweepPoint) => number | undefined) => points.map((p) => pick(p) ?? NaN);
  return aq.table({
    [name]: points.map((p) => p.value),
    draws: of((p) => p.report.draws),
    dimension: of((p) => p.report.dimension),
    loss: of((p) => p.report.loss),
    gradientNorm: of((p) => p.report.gradientNorm),
    variance: of((p) => row(p)?.variance.mean),
    varianceError: of((p) => row(p)?.variance.standardError),
    varianceLaw: of((p) => row(p)?.varianceLaw),
    rmsCosine: of((p) => row(p)?.rmsCosine),
    rmsCosineError: of((p) => row(p)?.rmsCosineError),
    rmsCosineLaw: of((p) => row(p)?.rmsCosineLaw),
    signAgreement: of((p) => row(p)?.signAgreement.mean),
    normRatio: of((p) => row(p)?.normRatio.mean),
    bias: of((p) => p.report.bias.mean),
    biasError: of((p) => p.report.bias.standardError),
    curvature: of((p) => p.report.curvature.mean),
    curvatureError: of((p) => p.report.curvature.standardError),
    batchNoise: of((p) => p.noise?.ratio.mean),
    batchNoiseError: of((p) => p.noise?.ratio.standardError),
  });
}

/** The noise ratio, or that there is too little signal for one. */
const noiseText = ({ ratio }: BatchNoise) =>
  Number.isFinite(ratio.mean)
    ? plusMinus(ratio.mean, ratio.standardError)
    : 'so large that no signal shows above it';

/** A line for each value: inside or outside the law of the second moment, and by how much. */
export function sweepText(report: SweepReport): string {
  const lines = report.points.map((p) => {
    const check = lawChecks(p.report).find((c) => c.quantity === 'variance');
    const found = check
      ? `variance ${plusMinus(check.measured.mean, check.measured.standardError, 4)} |g|², law ${plusMinus(check.law, check.lawError, 4)}, ` +
        `${signed(check.deviation)} standard errors, ${check.inside ? 'inside' : 'outside'}`
      : 'no law to hold against';
    const { curvature } = p.report;
    const noise = p.noise && `, mini-batch noise ${noiseText(p.noise)}`;
    return `${text(p.value)}: ${found}; K ${plusMinus(curvature.mean, curvature.standardError)}${noise ?? ''}`;
  });
  return [`The ZO estimate against ${report.axis}, ${subtitle(report)}.`, ...lines].join('\n');
}
