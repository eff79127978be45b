import { figureSpec, type FigureSpec } from './spec.ts';
import { axis, colours, escaped, faded, frame, legendNames } from './theme.ts';

/** A place on the plane. */
export type Point = readonly [x: number, y: number];

/** Arrows of one kind, or a path. */
export interface Arrows {
  /** For the legend. */
  name: string;
  /** Places one after the other for a path; for arrows a start and an end each. */
  arrows?: readonly (readonly [from: Point, to: Point])[];
  path?: readonly Point[];
  colour?: keyof typeof colours;
  /** From 0 to 1; lower where there are many. Defaults to 1. */
  opacity?: number;
  /** Width of the lines in pixels; defaults to 2.5. */
  width?: number;
}

/** Words and frame of a figure of arrows. */
export interface ArrowFigureOptions {
  /** The finding. */
  title: string;
  subtitle?: string;
  /** Ends of the axes; twice as wide as high fills the figure, as both have one scale. */
  x: readonly [number, number];
  y: readonly [number, number];
  /** Titles of the axes; `weight 1` and `weight 2` by default. */
  axes?: readonly [string, string];
}

/** Points of the contours' grid along x. */
const GRID = 81;
const LEVELS = 24;

/**
 * Arrows and paths on the contours of a loss of two weights. Both axes have one scale, so a right angle looks like one.
 *
 * @example
 * const g: Arrows = { name: 'gradient', arrows: [[[1, 1], [2, 3]]], colour: 'FO' };
 * arrowFigure((x, y) => x * x + 2 * y * y, [g], { title: 'Uphill is across the contours', x: [-4, 4], y: [-2, 2] });
 */
export function arrowFigure(
  loss: (x: number, y: number) => number,
  groups: readonly Arrows[],
  options: ArrowFigureOptions,
): FigureSpec {
  const { title, subtitle = '', axes = ['weight 1', 'weight 2'] } = options;
  const [x, y] = [grid(options.x, GRID), grid(options.y, Math.ceil(GRID / 2))];
  const contours = {
    type: 'contour',
    x,
    y,
    z: y.map((b) => x.map((a) => loss(a, b))),
    ncontours: LEVELS,
    contours: { coloring: 'none' },
    line: { color: faded(colours.law, 0.55), width: 1 },
    hovertemplate: 'loss %{z:.3~g}<extra></extra>',
    showlegend: false,
  };
  const data = [contours, ...groups.map(trace)];
  return figureSpec(data, {
    ...frame({ title, subtitle: [subtitle], height: 500, legend: legendNames(data) }),
    xaxis: axis(escaped(axes[0]), { range: options.x, constrain: 'domain', showgrid: false }),
    yaxis: axis(escaped(axes[1]), {
      range: options.y,
      constrain: 'domain',
      scaleanchor: 'x',
      showgrid: false,
    }),
  });
}

function grid([low, high]: readonly [number, number], n: number): number[] {
  return Array.from({ length: n }, (_, i) => low + ((high - low) * i) / (n - 1));
}

/** Arrows as one line with gaps, a head at every second point; a path with a point at each place. */
function trace({ name, arrows = [], path = [], colour = 'ZO', opacity = 1, width = 2.5 }: Arrows): object {
  const points: readonly (Point | undefined)[] = path.length
    ? path
    : arrows.flatMap(([from, to]) => [from, to, undefined]);
  const heads = {
    symbol: 'arrow',
    angleref: 'previous',
    size: points.map((_, i) => (i % 3 === 1 ? 10 + width : 0)),
  };
  return {
    type: 'scatter',
    mode: 'lines+markers',
    name: escaped(name),
    x: points.map((p) => p?.[0] ?? null),
    y: points.map((p) => p?.[1] ?? null),
    line: { color: colours[colour], width },
    marker: {
      color: colours[colour],
      opacity: 1,
      line: { width: 0 },
      ...(path.length ? { size: 5 } : heads),
    },
    opacity,
    hovertemplate: '(%{x:.3~g}, %{y:.3~g})<extra></extra>',
  };
}
