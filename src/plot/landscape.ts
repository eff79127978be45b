import * as aq from 'arquero';
import type { ColumnTable } from 'arquero';
import type { LossLine, LossPlane, PlanePoint } from '../variance/index.ts';
import { figureSpec, type FigureSpec } from './spec.ts';
import { axis, colours, frame, heading, legendNames, NEUTRAL } from './theme.ts';
import { count, percent, plusMinus, significant } from './words.ts';

/** The loss along one or more axes through the weights, a panel each; smoothed dotted, with its error bars. */
export function lineFigure(lines: readonly LossLine[]): FigureSpec {
  const columns = Math.min(2, lines.length);
  const rows = Math.ceil(lines.length / columns);
  const wide = columns === 2 ? 0.43 : 1;
  const tall = rows > 1 ? (1 - 0.26 * (rows - 1)) / rows : 1;
  const corners = lines.map((_, i): [number, number] => [
    (i % columns) * 0.57,
    1 - Math.floor(i / columns) * (tall + 0.26),
  ]);
  const data = lines.flatMap((line, i) => lineTraces(line, i));
  return figureSpec(data, {
    ...frame({
      title: 'Loss through the weights',
      subtitle: [`loss ${significant(lines[0]?.center ?? NaN, 4)} at the weights (0)`],
      height: 130 + 300 * rows,
      legend: legendNames(data),
      headroom: 24,
    }),
    ...Object.fromEntries(
      corners.flatMap(([left, top], i): [string, object][] => {
        const n = i ? String(i + 1) : '';
        return [
          [`xaxis${n}`, axis('lengths of the axis', { domain: [left, left + wide], anchor: `y${n}` })],
          [`yaxis${n}`, axis(i % columns ? '' : 'loss', { domain: [top - tall, top], anchor: `x${n}` })],
        ];
      }),
    ),
    annotations: corners.map(([x, y], i) => heading(`along ${lines[i]!.axis}`, x, y, { yshift: 2 })),
  });
}

function lineTraces(line: LossLine, i: number): object[] {
  const on = { xaxis: `x${i ? i + 1 : ''}`, yaxis: `y${i ? i + 1 : ''}`, showlegend: i === 0 };
  const exact = {
    ...on,
    type: 'scatter',
    mode: 'lines+markers',
    name: 'loss',
    x: line.at,
    y: line.loss,
    line: { color: colours.FO, width: 2 },
    marker: { color: colours.FO, size: 5 },
    hovertemplate: 'loss %{y:.5~g} at %{x:.3~g}<extra></extra>',
  };
  if (!line.smoothed) return [exact];
  const { epsilon, loss } = line.smoothed;
  const name = `smoothed, epsilon ${significant(epsilon)} (± 1 standard error)`;
  const smooth = {
    ...on,
    type: 'scatter',
    mode: 'lines',
    name,
    x: line.at,
    y: loss.map((m) => m.mean),
    error_y: { array: loss.map((m) => m.standardError), color: colours.ZO, thickness: 1, width: 2 },
    line: { color: colours.ZO, width: 2, dash: 'dot' },
    hovertemplate: 'smoothed %{y:.5~g}<extra></extra>',
  };
  return [exact, smooth];
}

/** The loss on a plane as contours, the smoothed loss beside it, and the training path on both. */
export function planeFigure(plane: LossPlane): FigureSpec {
  const cuts = [
    { title: 'loss', loss: plane.loss },
    ...(plane.smoothed
      ? [{ title: `smoothed, epsilon ${significant(plane.smoothed.epsilon)}`, loss: plane.smoothed.loss }]
      : []),
  ];
  const all = cuts.flatMap((c) => c.loss.flat()).filter(Number.isFinite);
  const levels = contourLevels(all);
  const wide = cuts.length > 1 ? 0.43 : 1;
  const data = cuts.flatMap((cut, i): object[] => {
    const on = { xaxis: `x${i ? i + 1 : ''}`, yaxis: `y${i ? i + 1 : ''}` };
    return [
      {
        ...on,
        type: 'contour',
        name: cut.title,
        x: plane.x,
        y: plane.y,
        z: cut.loss,
        ...levels,
        colorscale: 'Viridis',
        reversescale: true,
        showscale: i === cuts.length - 1,
        colorbar: { thickness: 12, outlinewidth: 0, title: { text: 'loss' } },
        line: { width: 0.6, color: 'rgba(128,128,128,0.6)' },
        hovertemplate: `${cut.title} %{z:.5~g}<extra></extra>`,
      },
      ...pathTraces(plane, on, i === 0),
    ];
  });
  const [first, second] = plane.axes;
  return figureSpec(data, {
    ...frame({
      title: 'Loss about the weights',
      subtitle: [`loss ${significant(plane.center, 4)} at the weights (0, 0)`, pathLine(plane)],
      height: 480,
      legend: legendNames(data).filter((name) => name !== 'loss' && !name.startsWith('smoothed')),
      headroom: 24,
    }),
    ...Object.fromEntries(
      cuts.flatMap((_, i): [string, object][] => {
        const n = i ? String(i + 1) : '';
        const left = i * 0.53;
        return [
          [`xaxis${n}`, axis(first, { domain: [left, left + wide], anchor: `y${n}`, showgrid: false })],
          [`yaxis${n}`, axis(i ? '' : second, { anchor: `x${n}`, showgrid: false })],
        ];
      }),
    ),
    annotations: cuts.map((cut, i) => heading(cut.title, i * 0.53, 1, { yshift: 2 })),
  });
}

/** Ten even contours over the values below the highest tenth, so that one steep corner does not use them up. */
function contourLevels(values: readonly number[]): object {
  const sorted = [...values].sort((a, b) => a - b);
  const low = sorted[0] ?? 0;
  const high = sorted[Math.floor(0.95 * (sorted.length - 1))] ?? 1;
  const size = (high - low) / 12 || 1;
  return {
    autocontour: false,
    contours: { start: low, end: high, size },
    zmin: low,
    zmax: high,
    zauto: false,
  };
}

function pathTraces({ path }: LossPlane, on: object, first: boolean): object[] {
  if (!path?.length) return [];
  const end = path.at(-1)!;
  return [
    {
      ...on,
      type: 'scatter',
      mode: 'lines+markers',
      name: 'training path',
      x: path.map((p) => p.x),
      y: path.map((p) => p.y),
      line: { color: '#fff', width: 3 },
      marker: { color: colours.alarm, size: 7, line: { color: '#fff', width: 1 } },
      customdata: path.map(
        (p, i) => `point ${i + 1} of ${path.length}, ${significant(p.off, 2)} off the plane`,
      ),
      hovertemplate: '%{customdata}<extra></extra>',
      showlegend: first,
    },
    {
      ...on,
      type: 'scatter',
      mode: 'markers',
      name: 'its end',
      x: [end.x],
      y: [end.y],
      marker: { color: '#fff', size: 11, symbol: 'star', line: { color: NEUTRAL, width: 1 } },
      hoverinfo: 'skip',
      showlegend: first,
    },
  ];
}

function pathLine({ path }: LossPlane): string {
  if (!path?.length) return '';
  const sum = (of: (p: PlanePoint) => number) => path.reduce((s, p) => s + of(p) ** 2, 0);
  const held = 1 - sum((p) => p.off) / sum((p) => p.length);
  return `path of ${count(path.length, 'point')}, ${percent(held)} of its squared distance to the end on the plane`;
}

/** One row for each point of each line. */
export function lineTable(lines: readonly LossLine[]): ColumnTable {
  const rows = lines.flatMap((line) =>
    line.at.map((at, i) => ({ axis: line.axis, at, loss: line.loss[i]!, smoothed: line.smoothed?.loss[i] })),
  );
  return aq.table({
    axis: rows.map((r) => r.axis),
    at: rows.map((r) => r.at),
    loss: rows.map((r) => r.loss),
    smoothed: rows.map((r) => r.smoothed?.mean ?? NaN),
    smoothedError: rows.map((r) => r.smoothed?.standardError ?? NaN),
  });
}

/** One row for each point of the plane. */
export function planeTable({ x, y, loss, smoothed }: LossPlane): ColumnTable {
  return aq.table({
    x: y.flatMap(() => x),
    y: y.flatMap((t) => x.map(() => t)),
    loss: loss.flat(),
    smoothed: smoothed ? smoothed.loss.flat() : loss.flat().map(() => NaN),
  });
}

/** Where each line is lowest, and how far smoothing lifts the loss at the weights. */
export function lineText(lines: readonly LossLine[]): string {
  return lines
    .map((line) => {
      const lowest = line.loss.indexOf(Math.min(...line.loss));
      const middle = line.at.indexOf(0);
      const lift = line.smoothed?.loss[middle];
      const smooth = lift
        ? `; smoothed with epsilon ${significant(line.smoothed!.epsilon)} it is ${plusMinus(lift.mean - line.center, lift.standardError)} above it at the weights`
        : '';
      return (
        `Along ${line.axis}: loss ${significant(line.center, 4)} at the weights, lowest ${significant(line.loss[lowest]!, 4)} at ` +
        `${significant(line.at[lowest]!)}${smooth}.`
      );
    })
    .join('\n');
}

/** The loss at the weights and its range on the plane. */
export function planeText(plane: LossPlane): string {
  const all = plane.loss.flat();
  return [
    `Loss on the plane of ${plane.axes[0]} and ${plane.axes[1]}: ${significant(plane.center, 4)} at the weights, from ` +
      `${significant(Math.min(...all), 4)} to ${significant(Math.max(...all), 4)} on ${plane.x.length} x ${plane.y.length} points.`,
    pathLine(plane) && `Training ${pathLine(plane)}.`,
  ]
    .filter(Boolean)
    .join('\n');
}
