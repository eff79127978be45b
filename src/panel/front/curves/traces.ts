import type { EventLine, ProbeColumn, RowColumn } from '../../protocol.ts';
import { movingAverage } from '../../../train/history.ts';
import { colours, faded } from '../../../plot/theme.ts';
import { thinned } from '../../../plot/thin.ts';
import type { Columns } from '../columns.ts';
import type { CurvePanel, Line, ProbeLine } from './panels.ts';
import { placeOf, type ProgressAxis } from './progress.ts';

/** What is drawn and how. */
export interface FigureOptions {
  rows: Columns<RowColumn>;
  probes: Columns<ProbeColumn>;
  events: readonly EventLine[];
  panels: readonly CurvePanel[];
  x: ProgressAxis;
  logY: boolean;
  /** Weight of the past in the moving average, 0 to 1 (0: none). */
  smoothing: number;
  /** A step to mark; null for none. */
  mark: number | null;
  dark: boolean;
}

/** Points a trace at most. */
export const MAX_POINTS = 2000;
/** Above this many, traces are drawn with WebGL. */
const WEBGL_FROM = 1000;

/** The blue of FO is too dark for a dark ground; the stylesheet lightens it too. */
export const colourOn = (dark: boolean, colour: string) =>
  dark && colour === colours.FO ? '#2b8fd0' : colour;

/** A column of the rows, thinned; averaged ones faint with their moving average over them. */
export function lineTraces(options: FigureOptions, line: Line, yaxis: string, log: boolean): object[] {
  const { rows, x, smoothing, dark } = options;
  const all = rows.column(line.column);
  if (!all.some(Number.isFinite)) return [];
  const raw = Array.from(all, (v) => shown(line.unit ? v / line.unit : v, log));
  const kept = thinned(raw, MAX_POINTS);
  const at = rows.column(x);
  const colour = colourOn(dark, line.colour);
  const common = {
    type: kept.length > WEBGL_FROM ? 'scattergl' : 'scatter',
    mode: kept.length === 1 ? 'markers' : 'lines',
    x: kept.map((i) => at[i]!),
    yaxis,
    connectgaps: false,
  };
  const trace = (y: readonly number[], name: string, style: object, more: object = {}) => ({
    ...common,
    y: kept.map((i) => (Number.isFinite(y[i]) ? y[i]! : null)),
    name,
    line: style,
    marker: { size: 6, color: colour },
    hovertemplate: '%{y:.4~g}',
    ...more,
  });
  const dash = line.dash ?? 'solid';
  if (!line.averaged || !(smoothing > 0)) {
    return [trace(raw, line.name, { color: colour, width: line.averaged ? 2 : 1.5, dash })];
  }
  return [
    trace(raw, line.name, { color: faded(colour, 0.38), width: 1 }),
    // two losses mostly lie on each other: a wide line, and dashes in the middle of it
    trace(movingAverage(raw, smoothing), `${line.name}, averaged`, {
      color: colour,
      width: line.dash ? 2 : 4,
      dash,
    }),
  ];
}

/** On a logarithmic axis, magnitudes; what it cannot show is left out. */
function shown(value: number, log: boolean): number {
  if (!log) return value;
  return value === 0 ? NaN : Math.abs(value);
}

/** A column of the probes, with error bars or as a law. */
export function probeTraces({ rows, probes, x }: FigureOptions, line: ProbeLine, yaxis: string): object[] {
  const y = probes.column(line.probe);
  if (!y.some(Number.isFinite)) return [];
  const [steps, values] = [rows.column('step'), rows.column(x)];
  const kept = thinned(Array.from(y), MAX_POINTS);
  const number = (v: number | undefined) => (v !== undefined && Number.isFinite(v) ? v : null);
  const errors = line.error && probes.column(line.error);
  return [
    {
      type: 'scatter',
      mode: line.law ? 'lines' : 'lines+markers',
      x: kept.map((i) => placeOf(probes.column('step')[i]!, x, steps, values)),
      y: kept.map((i) => number(y[i])),
      yaxis,
      name: line.name,
      line: line.law
        ? { color: line.colour, width: 2, dash: 'dash' }
        : { color: faded(line.colour, 0.5), width: 1 },
      marker: { color: line.colour, size: 8 },
      ...(errors && {
        error_y: { array: kept.map((i) => number(errors[i])), color: line.colour, thickness: 1.5, width: 4 },
      }),
      hovertemplate: errors ? '%{y:.3~g} ± %{error_y.array:.2~g}' : '%{y:.4~g}',
    },
  ];
}
