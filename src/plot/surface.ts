import { ConfigError } from '../errors.ts';
import { figureSpec, type FigureSpec } from './spec.ts';
import { axis, colours, escaped, frame, NEUTRAL } from './theme.ts';
import { significant } from './words.ts';

/** Values over a grid: `z[i][j]` belongs to `y[i]` and `x[j]`. A value that is not finite is a hole. */
export interface Grid {
  x: readonly number[];
  y: readonly number[];
  z: readonly (readonly number[])[];
}

/** A point of a path over the surface. */
export interface PathPoint {
  x: number;
  y: number;
  z: number;
  /** What the mouse shows; the number of the point when left out. */
  label?: string;
}

export interface SurfaceOptions {
  title: string;
  subtitle?: readonly string[];
  /** Names of the axes; `x`, `y`, `z` by default. */
  axes?: { x: string; y: string; z: string };
  /** A line over the surface, such as the way of a training run. */
  path?: readonly PathPoint[];
  /** What the path is, for the legend. */
  pathName?: string;
}

/** Dark to bright, and blue to yellow: read alike with all kinds of sight (Nuñez, Anderton and Renslow, 2018). */
const SCALE = 'Cividis';

const SPACE_GRID = '#a0a0a0';
/** Share of the surface's height by which a path is drawn above it. */
const LIFT = 0.01;

/**
 * A surface over a plane, with a path on it: a loss landscape, for one. Its still shows it from above.
 *
 * @throws ConfigError when the grid is not rectangular, or has fewer than 2 x 2 values
 * @example
 * surfaceFigure({ x: [0, 1], y: [0, 1], z: [[3, 2], [2, 1]] }, { title: 'Loss' });
 */
export function surfaceFigure({ x, y, z }: Grid, options: SurfaceOptions): FigureSpec {
  const wrong = z.find((row) => row.length !== x.length);
  if (x.length < 2 || y.length < 2 || z.length !== y.length || wrong)
    throw new ConfigError(
      `The grid is ${x.length} x values and ${y.length} y values, z has ${z.length} rows${wrong ? `, one of them of ${wrong.length}` : ''}. Give a row of z for each y with a value for each x, at least 2 x 2.`,
    );
  const { title, subtitle = [], path = [], pathName = 'path' } = options;
  const names = options.axes ?? { x: 'x', y: 'y', z: 'z' };
  const hover = (value: string) =>
    `${escaped(names.x)} %{x:.4~g}<br>${escaped(names.y)} %{y:.4~g}<br>${escaped(names.z)} ${value}<extra></extra>`;
  const surface = {
    type: 'surface',
    name: names.z,
    x,
    y,
    z,
    colorscale: SCALE,
    colorbar: { title: { text: escaped(names.z) }, thickness: 14, len: 0.7, outlinewidth: 0 },
    hovertemplate: hover('%{z:.5~g}'),
    showlegend: false,
  };
  const known = z.flat().filter(Number.isFinite);
  // Just above the surface, which would hide half of it.
  const lift = known.length > 0 ? LIFT * (Math.max(...known) - Math.min(...known)) : 0;
  const along = (points: readonly PathPoint[], more: object): object => ({
    type: 'scatter3d',
    x: points.map((p) => p.x),
    y: points.map((p) => p.y),
    z: points.map((p) => p.z + lift),
    ...more,
  });
  const ends = path.length > 1 ? [path[0]!, path.at(-1)!] : [];
  const legend = [
    pathName,
    ...(ends.length > 0 ? [`from ${ends.map((p) => significant(p.z)).join(' to ')}`] : []),
  ].join(', ');
  const line = along(path, {
    mode: 'lines',
    name: legend,
    customdata: path.map(
      (p, i) => `${escaped(p.label ?? String(i))}<br>${escaped(names.z)} ${significant(p.z, 5)}`,
    ),
    hovertemplate: '%{customdata}<extra></extra>',
    line: { color: colours.alarm, width: 6 },
  });
  const endPoints = along(ends, {
    mode: 'markers',
    name: 'its ends',
    marker: { color: [colours.alarm, '#ffffff'], size: 7, line: { color: colours.alarm, width: 2 } },
    hoverinfo: 'skip',
    showlegend: false,
  });
  const data = [surface, ...(path.length > 0 ? [line] : []), ...(ends.length > 0 ? [endPoints] : [])];
  const side = (name: string) => ({
    ...axis(escaped(name)),
    // Lines in space have no transparency that a light page would show.
    gridcolor: SPACE_GRID,
    showbackground: false,
    color: NEUTRAL,
  });
  return figureSpec(data, {
    ...frame({
      title,
      subtitle,
      height: 560,
      legend: path.length > 0 ? [legend] : [],
      left: 20,
      right: 20,
      bottom: 20,
    }),
    scene: {
      xaxis: side(names.x),
      yaxis: side(names.y),
      zaxis: side(names.z),
      aspectmode: 'cube',
      camera: { eye: { x: 1.35, y: -1.5, z: 1.5 }, center: { x: 0, y: 0, z: -0.2 } },
    },
    uirevision: 'surface', // a turn by the mouse survives updates
  });
}
