import * as aq from 'arquero';
import type { ColumnTable } from 'arquero';
import type { Measured, Routes, SweepReport } from '../variance/index.ts';
import { logAxis } from './log-ticks.ts';
import { figureSpec, type FigureSpec } from './spec.ts';
import { axis, colours, familyColours, frame, heading } from './theme.ts';
import { amount, plusMinus, significant } from './words.ts';

/** A sweep whose values all have routes, by the name of its series. */
export type RoutesSeries = Readonly<Record<string, SweepReport>>;

/** Options of `routesFigure`. */
export interface RoutesFigureOptions {
  /** The finding, in words. */
  title?: string;
  subtitle?: readonly string[];
}

interface Panel {
  title: string;
  of: (r: Routes) => Measured;
  law?: (r: Routes) => number;
}

const panels: readonly Panel[] = [
  { title: 'direction noise: variance / |g|², law dashed', of: (r) => r.variance, law: (r) => r.varianceLaw },
  { title: 'route 1, mini-batch noise: ν = tr Σ / (B |g|²)', of: (r) => r.noise.ratio },
  { title: 'route 2, curvature (rounding included): K at this epsilon', of: (r) => r.K },
  { title: 'slow-down: best FO step / best ZO step, same batch', of: (r) => r.slowdown },
  { title: 'best ZO steps that lower the loss by 1%', of: (r) => r.stepsForPercent },
];

const palette = [colours.ZO, colours.FO, colours.perturbed, colours.clean, familyColours.attention];
/** Share of a place on the axis that all series together take. */
const SPREAD = 0.4;
const PANEL = 128;

/**
 * Routes by which tasks differ for ZO, one below the other over the same tasks (or lengths, or vocabularies): the direction's noise with
 * its law, mini-batch noise, curvature, and what they leave of a step. Error bars are one standard error; a place is empty where a figure
 * has no meaning (no signal above the noise; a loss that bends down on average).
 */
export function routesFigure(series: RoutesSeries, options: RoutesFigureOptions = {}): FigureSpec {
  const names = Object.keys(series);
  const places = placesOf(series);
  const data: object[] = [];
  const axes: Record<string, object> = {};
  const annotations: object[] = [];
  const gap = 0.09;
  const height = (1 - gap * (panels.length - 1)) / panels.length;
  panels.forEach((panel, i) => {
    const n = i === 0 ? '' : String(i + 1);
    const top = 1 - i * (height + gap);
    const ends: number[] = [];
    names.forEach((name, s) => {
      const found = series[name]!.points.flatMap(({ value, routes }) =>
        routes ? [{ x: places.indexOf(String(value)) + offset(s, names.length), m: panel.of(routes) }] : [],
      );
      const known = found.filter(({ m }) => Number.isFinite(m.mean));
      ends.push(...known.flatMap(({ m }) => [m.mean, m.mean + m.standardError, ...(m.mean > m.standardError ? [m.mean - m.standardError] : [])])); // prettier-ignore
      data.push({
        type: 'scatter',
        mode: 'markers',
        name,
        legendgroup: name,
        showlegend: i === 0 && names.length > 1,
        x: known.map(({ x }) => x),
        y: known.map(({ m }) => m.mean),
        error_y: { array: known.map(({ m }) => m.standardError), thickness: 1.5, width: 3, color: palette[s % palette.length] }, // prettier-ignore
        marker: { color: palette[s % palette.length], size: 9, symbol: s === 0 ? 'circle' : 'diamond' },
        customdata: known.map(({ m }) => plusMinus(m.mean, m.standardError)),
        hovertemplate: `${name}: %{customdata}<extra></extra>`,
        yaxis: `y${n}`,
      });
    });
    const laws = panel.law && routesOf(series).map(panel.law);
    if (laws?.length) {
      ends.push(...laws);
      data.push({
        type: 'scatter',
        mode: 'lines',
        showlegend: false,
        x: [-0.5, places.length - 0.5],
        y: [laws[0], laws[0]],
        line: { color: colours.law, width: 2, dash: 'dash' },
        hovertemplate: 'law %{y:.5~g}<extra></extra>',
        yaxis: `y${n}`,
      });
    }
    axes[`yaxis${n}`] = axis('', { domain: [top - height, top], anchor: 'x', ...scaleOf(ends) });
    annotations.push(heading(panel.title, 0, top, { yshift: 1 }));
  });
  const shared = {
    range: [-0.5, places.length - 0.5],
    tickvals: places.map((_, i) => i),
    ticktext: places,
    tickangle: places.length > 6 ? -30 : 0,
    anchor: `y${panels.length}`,
  };
  return figureSpec(data, {
    ...frame({
      title: options.title ?? 'What makes a task harder for zeroth-order estimates',
      subtitle: options.subtitle ?? [defaultSubtitle(series)],
      height: PANEL * panels.length + 210,
      legend: names.length > 1 ? names : [],
      headroom: 24,
      bottom: places.length > 6 ? 110 : 70,
    }),
    xaxis: axis(Object.values(series)[0]?.axis ?? '', shared),
    ...axes,
    annotations,
  });
}

const routesOf = (series: RoutesSeries): Routes[] =>
  Object.values(series).flatMap(({ points }) => points.flatMap((p) => (p.routes ? [p.routes] : [])));

/** Values of all series, in the order of the first that has them. */
const placesOf = (series: RoutesSeries): string[] => [
  ...new Set(Object.values(series).flatMap(({ points }) => points.map((p) => String(p.value)))),
];

const offset = (s: number, of: number) => (of < 2 ? 0 : SPREAD * (s / (of - 1) - 0.5));

/** Logarithmic where values span more than a factor of 5, else from 0 on. */
function scaleOf(values: readonly number[]): object {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (low > 0 && high > 5 * low) return logAxis(values);
  return { rangemode: 'tozero', nticks: 4, tickformat: high >= 1000 ? '.3~s' : '.3~g' };
}

function defaultSubtitle(series: RoutesSeries): string {
  const [first] = routesOf(series);
  if (!first) return 'no value was measured';
  return [
    `one-sided · gaussian · epsilon ${significant(first.settings.epsilon)} · q = 1`,
    `${first.batches} batches of ${first.draws} draws`,
    `${amount(first.dimension)} values`,
    '± 1 standard error',
  ].join(' · ');
}

/** One row for each value of each series. */
export function routesTable(series: RoutesSeries): ColumnTable {
  const rows = Object.entries(series).flatMap(([name, { points }]) =>
    points.flatMap(({ value, routes }) => (routes ? [{ name, value, r: routes }] : [])),
  );
  const both = (key: string, of: (r: Routes) => Measured) => ({
    [key]: rows.map(({ r }) => of(r).mean),
    [`${key}Error`]: rows.map(({ r }) => of(r).standardError),
  });
  return aq.table({
    series: rows.map(({ name }) => name),
    value: rows.map(({ value }) => value),
    loss: rows.map(({ r }) => r.loss.mean),
    ...both('gradientNorm', (r) => r.gradientNorm),
    ...both('variance', (r) => r.variance),
    varianceLaw: rows.map(({ r }) => r.varianceLaw),
    ...both('cosine', (r) => r.cosine),
    ...both('batchNoise', (r) => r.noise.ratio),
    ...both('K', (r) => r.K),
    rounding: rows.map(({ r }) => r.rounding),
    ...both('trace', (r) => r.trace),
    largest: rows.map(({ r }) => r.largest),
    ...both('along', (r) => r.along),
    ...both('slowdown', (r) => r.slowdown),
    ...both('stepsForPercent', (r) => r.stepsForPercent),
  });
}

/** A line for each value: the routes, and what they leave of a step. */
export function routesText(series: RoutesSeries): string {
  const lines = Object.entries(series).flatMap(([name, { points }]) =>
    points.flatMap(({ value, routes: r }) => (r ? [`${name}, ${value}: ${lineOf(r)}`] : [])),
  );
  return [`Routes by which a task matters to ZO, ${defaultSubtitle(series)}.`, ...lines].join('\n');
}

function lineOf(r: Routes): string {
  const share = {
    mean: r.variance.mean / r.varianceLaw,
    standardError: r.variance.standardError / r.varianceLaw,
  };
  const text = ({ mean, standardError }: Measured, otherwise: string) =>
    Number.isFinite(mean) ? plusMinus(mean, standardError) : otherwise;
  return [
    `loss ${significant(r.loss.mean)}`,
    `direction noise ${text(share, '')} of its law`,
    `mini-batch noise ${text(r.noise.ratio, 'hides the signal')}`,
    `K ${text(r.K, '')} of which rounding ${significant(r.rounding, 2)}`,
    `tr H ${text(r.trace, '')}`,
    `slow-down ${text(r.slowdown, 'none by law: the loss bends down')}`,
    `steps for 1% ${text(r.stepsForPercent, 'n/a')}`,
  ].join(', ');
}
