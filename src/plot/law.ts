import type { Measured } from '../variance/index.ts';
import { logAxis } from './log-ticks.ts';
import { figureSpec, type FigureSpec } from './spec.ts';
import { axis, colours, escaped, frame, legendNames } from './theme.ts';
import { amount, plusMinus, significant } from './words.ts';

/** What was measured against one quantity, and what theory says of it. */
export interface LawSeries {
  /** For the legend; defaults to `measured`. */
  name?: string;
  x: readonly number[];
  /** A number, or a mean with its standard error, for each x. */
  y: readonly (number | Measured)[];
  /** The law as a function of x, or its value at each x. */
  law?: ((x: number) => number) | readonly number[];
  /** `points` (default), or `line` where there are many. */
  as?: 'points' | 'line';
}

/** Words and scales of a figure of measurements beside their laws. */
export interface LawFigureOptions {
  /** The finding. */
  title: string;
  /** A line under it: what was held fixed. */
  subtitle?: string;
  /** Titles of the axes, with units. */
  x: string;
  y: string;
  /** Axes with a logarithmic scale; none by default. */
  log?: 'x' | 'y' | 'xy';
  /** Ends of the y axis; found from the values by default. */
  range?: readonly [number, number];
}

/** Told apart by shape too. Colours as in the other figures: what is ZO comes first. */
const marks = [
  { color: colours.ZO, symbol: 'circle' },
  { color: colours.FO, symbol: 'square' },
  { color: colours.perturbed, symbol: 'diamond' },
  { color: colours.clean, symbol: 'triangle-up' },
  { color: colours.alarm, symbol: 'cross' },
] as const;

/** Points of a law's curve. */
const CURVE = 121;
/** Room above and below what is drawn on a logarithmic axis. */
const MARGIN = 1.2;

/**
 * Measurements with error bars of one standard error, each beside its law, which is dashed.
 *
 * @example
 * const law = (d: number) => Math.sqrt(2 / (Math.PI * d));
 * lawFigure([{ x: [10, 100], y: [{ mean: 0.26, standardError: 0.01 }, { mean: 0.08, standardError: 0.01 }], law }], {
 *   title: 'The cosine falls as 1/√d', x: 'values moved, d', y: 'mean |cosine|', log: 'xy',
 * });
 */
export function lawFigure(series: readonly LawSeries[], options: LawFigureOptions): FigureSpec {
  const { title, subtitle = '', log = '', range } = options;
  const logX = log.includes('x');
  const lawName = series.filter((s) => s.law).length > 1 ? 'laws' : 'law';
  const laws = series.map((s) => lawOf(s, logX));
  const bars = series.some((s) => s.y.some((y) => error(y) > 0)) ? 'bars ± 1 standard error' : '';
  const data = [
    ...laws.flatMap((law, i) => (law ? [lawTrace(law, lawName, i === laws.findIndex(Boolean))] : [])),
    ...series.map((s, i) => measuredTrace(s, marks[i % marks.length]!)),
  ];
  const heights = [
    ...series.flatMap((s) => s.y.flatMap((y) => [mean(y) - error(y), mean(y) + error(y)])),
    ...laws.flatMap((law) => law?.y ?? []),
  ];
  const places = series.flatMap((s) => s.x);
  return figureSpec(data, {
    ...frame({
      title,
      subtitle: [[subtitle, bars].filter(Boolean).join(' · ')],
      height: 440,
      legend: legendNames(data),
    }),
    xaxis: axis(escaped(options.x), logX && places.length ? atPlaces(places) : {}),
    yaxis: axis(escaped(options.y), {
      ...(log.includes('y') && logScale(range ?? heights.flatMap((y) => [y / MARGIN, y * MARGIN]))),
      ...(range && !log.includes('y') && { range }),
    }),
  });
}

/** A logarithmic axis whose small numbers are short: 1e-6. */
function logScale(values: readonly number[], ticks?: readonly number[]): Record<string, unknown> {
  const scale = logAxis(values);
  const shown = ticks ?? ((scale.tickvals ?? []) as number[]);
  const text = (x: number) => (x < 1e-3 ? x.toExponential() : amount(x));
  return { ...scale, tickvals: shown, ticktext: shown.map(text), tickangle: 0 };
}

/** One with ticks at the measurements where these are round, as far as their labels do not run into each other. */
function atPlaces(places: readonly number[]): Record<string, unknown> {
  const round = (x: number) => Number.isInteger(x) || x === Number(x.toPrecision(2));
  if (!places.every(round)) return logScale(places);
  const sorted = [...places].sort((a, b) => a - b);
  const room = Math.log10(sorted.at(-1)! / sorted[0]!) / 12;
  const ticks: number[] = [];
  for (const x of sorted) if (!ticks.length || Math.log10(x / ticks.at(-1)!) > room) ticks.push(x);
  return logScale(places, ticks);
}

const mean = (y: number | Measured) => (typeof y === 'number' ? y : y.mean);
const error = (y: number | Measured) => (typeof y === 'number' ? 0 : y.standardError);

interface Line {
  x: readonly number[];
  y: readonly number[];
}

/** A function's curve runs from the first to the last x, evenly on the axis. */
function lawOf({ x, law }: LawSeries, logarithmic: boolean): Line | undefined {
  if (typeof law !== 'function') return law && { x, y: law };
  const [low, high] = [Math.min(...x), Math.max(...x)];
  const at = Array.from({ length: CURVE }, (_, i) => {
    const share = i / (CURVE - 1);
    return logarithmic ? low * (high / low) ** share : low + (high - low) * share;
  });
  return { x: at, y: at.map(law) };
}

function lawTrace({ x, y }: Line, name: string, showlegend: boolean): object {
  return {
    type: 'scatter',
    mode: 'lines',
    name,
    x,
    y,
    line: { color: colours.law, width: 2, dash: 'dash' },
    hovertemplate: `${name} %{y:.4~g}<extra></extra>`,
    legendgroup: 'law',
    showlegend,
  };
}

function measuredTrace(s: LawSeries, { color, symbol }: (typeof marks)[number]): object {
  const { name = 'measured', x, y, as = 'points' } = s;
  const bars = y.some((value) => error(value) > 0);
  return {
    type: 'scatter',
    mode: as === 'line' ? 'lines' : 'markers',
    name: escaped(name),
    x,
    y: y.map(mean),
    ...(bars && { error_y: { array: y.map(error), color, thickness: 1.5, width: as === 'line' ? 0 : 4 } }),
    marker: { color, symbol, size: 9 },
    cliponaxis: false,
    line: { color, width: 2 },
    customdata: y.map(
      (value, i) => `${plusMinus(mean(value), error(value) || NaN)} at ${significant(x[i]!)}`,
    ),
    hovertemplate: `${escaped(name)} %{customdata}<extra></extra>`,
  };
}
