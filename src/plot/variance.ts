import type { VarianceReport, VarianceRow } from '../variance/index.ts';
import { logAxis } from './log-ticks.ts';
import { figureSpec, type FigureSpec } from './spec.ts';
import { axis, colours, escaped, faded, frame, heading, legendNames } from './theme.ts';
import { signed, verdict } from './variance-text.ts';
import { amount, count, plusMinus, shortName, significant } from './words.ts';

/** The law with the measured curvature is drawn when it differs from the bare law by more than this share. */
const NOTABLE = 0.02;

const lawLine = { color: colours.law, width: 2, dash: 'dash' };
const dot = { color: colours.ZO, size: 9 };
const bars = (array: number[]) => ({ array, color: colours.ZO, thickness: 1.5, width: 4 });

/**
 * Measured moments of the ZO estimate beside their laws: second moment and cosine against q, second moment by tensor,
 * and the coefficient c against the derivative u.g that it estimates.
 */
export function varianceFigure(report: VarianceReport): FigureSpec {
  const { rows, settings, draws, dimension, coefficients } = report;
  const corners = [
    ['', 0, 1, 'second moment / |g|²'],
    ['2', 0.57, 1, 'cosine to the gradient (rms)'],
    ['3', 0, 0.37, 'second moment, a point a tensor'],
    ['4', 0.57, 0.37, 'coefficient, a point a draw'],
  ] as const;
  const byQuery = {
    type: 'log',
    tickvals: rows.map((r) => r.q),
    ticktext: rows.map((r) => String(r.q)),
  };
  const moments = rows.flatMap(({ secondMoment: { mean, standardError }, law, lawWithCurvature }) => [
    mean - standardError,
    mean + standardError,
    law,
    lawWithCurvature,
  ]);
  const tensorLaws = report.tensors.map((t) => t.law);
  const measured = report.tensors.flatMap(({ secondMoment: { mean, standardError } }) => [
    mean - standardError,
    mean + standardError,
  ]);
  const scales: [object, object][] = [
    [byQuery, logAxis(moments)],
    [
      byQuery,
      logAxis(
        rows.flatMap((r) => [r.rmsCosine - r.rmsCosineError, r.rmsCosine + r.rmsCosineError, r.rmsCosineLaw]),
      ),
    ],
    [logAxis(tensorLaws), logAxis([...tensorLaws, ...measured])],
    [{}, {}],
  ];
  const axes = corners.flatMap(([n, left, top], i): [string, object][] => {
    const [x, y] = axisTitles[n];
    return [
      [`xaxis${n}`, axis(x, { domain: [left, left + 0.43], anchor: `y${n}`, ...scales[i]![0] })],
      [`yaxis${n}`, axis(y, { domain: [top - 0.37, top], anchor: `x${n}`, ...scales[i]![1] })],
    ];
  });
  const data = [
    ...momentTraces(rows),
    ...cosineTraces(rows),
    ...tensorTraces(report),
    ...coefficientTraces(coefficients),
  ];
  return figureSpec(data, {
    ...frame({
      title: `Variance of the ZO estimate: ${verdict(report)}`,
      subtitle: [
        `${settings.estimator}, ${settings.law}, epsilon ${significant(settings.epsilon)} · ${count(draws, 'draw')} · ` +
          `${amount(dimension)} values · |g| ${significant(report.gradientNorm)}`,
      ],
      height: 640,
      legend: legendNames(data),
      headroom: 24,
    }),
    ...Object.fromEntries(axes),
    annotations: corners.map(([, x, y, text]) => heading(text, x, y, { yshift: 2 })),
  });
}

const axisTitles = {
  '': ['queries q', ''],
  '2': ['queries q', ''],
  '3': ['law', 'measured'],
  '4': ['u·g, exact', 'c, measured'],
} as const;

function momentTraces(rows: readonly VarianceRow[]): object[] {
  const q = rows.map((r) => r.q);
  const curved = rows.some((r) => Math.abs(r.lawWithCurvature / r.law - 1) > NOTABLE);
  const line = (name: string, y: number[], dash: string) => ({
    type: 'scatter',
    mode: 'lines',
    name,
    x: q,
    y,
    line: { ...lawLine, dash },
    hovertemplate: `${name} %{y:.5~g}<extra></extra>`,
  });
  return [
    line('law', rows.map((r) => r.law), 'dash'), // prettier-ignore
    ...(curved ? [line('law with curvature', rows.map((r) => r.lawWithCurvature), 'dot')] : []), // prettier-ignore
    {
      type: 'scatter',
      mode: 'markers',
      name: 'measured (± 1 standard error)',
      x: q,
      y: rows.map((r) => r.secondMoment.mean),
      error_y: bars(rows.map((r) => r.secondMoment.standardError)),
      marker: dot,
      customdata: rows.map(rowLines),
      hovertemplate: '%{customdata}<extra></extra>',
    },
  ];
}

function rowLines(r: VarianceRow): string {
  return [
    `<b>q = ${r.q}</b>, ${count(r.samples, 'estimate')}`,
    `second moment ${plusMinus(r.secondMoment.mean, r.secondMoment.standardError, 4)}`,
    `law ${amount(r.law, 4)}, with curvature ${amount(r.lawWithCurvature, 4)}`,
    `${signed(r.deviation)} standard errors off`,
  ].join('<br>');
}

function cosineTraces(rows: readonly VarianceRow[]): object[] {
  const common = { type: 'scatter', xaxis: 'x2', yaxis: 'y2', x: rows.map((r) => r.q), showlegend: false };
  return [
    {
      ...common,
      mode: 'lines',
      name: 'law of the cosine',
      y: rows.map((r) => r.rmsCosineLaw),
      line: lawLine,
      hovertemplate: 'law %{y:.5~g}<extra></extra>',
    },
    {
      ...common,
      mode: 'markers',
      name: 'rms cosine',
      y: rows.map((r) => r.rmsCosine),
      error_y: bars(rows.map((r) => r.rmsCosineError)),
      marker: dot,
      customdata: rows.map((r) => plusMinus(r.cosine.mean, r.cosine.standardError)),
      hovertemplate: 'q = %{x}: rms %{y:.5~g}, mean %{customdata}<extra></extra>',
    },
  ];
}

/** The line on which two quantities are equal. */
function diagonal(values: readonly number[], axes: object): object {
  const known = values.filter(Number.isFinite);
  const ends = known.length ? [Math.min(...known), Math.max(...known)] : [];
  return {
    type: 'scatter',
    mode: 'lines',
    name: 'equal',
    x: ends,
    y: ends,
    ...axes,
    line: lawLine,
    showlegend: false,
    hoverinfo: 'skip',
  };
}

function tensorTraces({ tensors }: VarianceReport): object[] {
  const axes = { xaxis: 'x3', yaxis: 'y3' };
  return [
    diagonal(
      tensors.map((t) => t.law),
      axes,
    ),
    {
      type: 'scatter',
      mode: 'markers',
      name: 'tensors',
      ...axes,
      x: tensors.map((t) => t.law),
      y: tensors.map((t) => t.secondMoment.mean),
      error_y: { ...bars(tensors.map((t) => t.secondMoment.standardError)), width: 0, thickness: 1 },
      marker: { color: colours.ZO, size: 6 },
      customdata: tensors.map((t) =>
        [
          `<b>${escaped(shortName(t.parameter))}</b>, ${amount(t.parameter.size)} values`,
          `second moment ${plusMinus(t.secondMoment.mean, t.secondMoment.standardError)}, law ${amount(t.law)}`,
          `${significant(100 * t.gradientShare)}% of |g|²`,
        ].join('<br>'),
      ),
      hovertemplate: '%{customdata}<extra></extra>',
      showlegend: false,
    },
  ];
}

function coefficientTraces(coefficients: VarianceReport['coefficients']): object[] {
  const axes = { xaxis: 'x4', yaxis: 'y4' };
  return [
    diagonal(
      coefficients.flatMap((c) => [c.exact, c.measured]),
      axes,
    ),
    {
      type: coefficients.length > 2000 ? 'scattergl' : 'scatter',
      mode: 'markers',
      name: 'draws',
      ...axes,
      x: coefficients.map((c) => c.exact),
      y: coefficients.map((c) => c.measured),
      marker: { color: faded(colours.ZO, 0.75), size: 6 },
      hovertemplate: 'c %{y:.5~g}, u·g %{x:.5~g}<extra></extra>',
      showlegend: false,
    },
  ];
}
