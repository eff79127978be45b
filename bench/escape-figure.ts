import { writeFileSync } from 'node:fs';
import { axis, colours, faded, frame, heading, NEUTRAL } from '../src/plot/theme.ts';
import { renderPng } from '../src/plot/still/index.ts';
import { walk, type Landscape, type Mover, type Way } from './basins.ts';

/** What `docs/figures/escape.png` is drawn from. */
export interface Escape {
  machine: string;
  walkers: number;
  steps: number;
  epsilons: number[];
  rates: number[];
  /** Share of walkers in the wide basin at the end: [rate][epsilon]. */
  maps: Record<Exclude<Way, 'smoothed gradient'>, number[][]>;
  /** The same at `rate`, by the angle between the line of the two basins and the ZO weight's axis. */
  angles: { angle: number; share: number[] }[];
  rate: number;
  /** Smallest epsilon at which the smoothed loss has no narrow minimum left. */
  critical: number;
  /** Curvature along y at the bottom of each basin. */
  curvature: { narrow: number; wide: number };
  /** Who moves what, at `rate` and at a rate and epsilon of each kind. */
  movers: { x: Mover; y: Mover; shares: number[] }[];
  moversAt: { rate: number; epsilon: number }[];
}

const WIDTH = 1180;
const HEIGHT = 760;
/** Left and lower corner of the six panels, and their size, in shares of the paper. */
const LEFT = [0, 0.365, 0.73];
const LOW = [0.6, 0];
const SIZE = [0.27, 0.4] as const;
const HEADINGS = [
  'the loss: begun in the narrow basin',
  'along y, and as epsilon smooths it',
  'out, by where the wide basin lies (rate 0.01)',
  'out: ZO estimate',
  'out: true gradient + noise of that variance',
  'out: coin for the sign',
];

/** What the axes of the six panels show. */
const EPSILON = { title: 'epsilon', type: 'log', tickvals: [0.01, 0.1, 1], ticktext: ['0.01', '0.1', '1'], range: [-2.08, 0.04] }; // prettier-ignore
const RATE = { title: 'rate of ZO', type: 'log', tickvals: [0.003, 0.01, 0.03, 0.1], ticktext: ['0.003', '0.01', '0.03', '0.1'], range: [-2.6, -0.64] }; // prettier-ignore
const X = { title: 'x (FO)', range: [-1.6, 1.6] };
const Y = { title: 'y (ZO)', range: [-1.2, 3.2] };
const AXES: [x: { title: string }, y: { title: string }][] = [
  [X, Y],
  [{ title: 'y (ZO)' }, { title: 'loss' }],
  [EPSILON, { title: 'share out' }],
  [EPSILON, RATE],
  [EPSILON, { ...RATE, title: '' }],
  [EPSILON, { ...RATE, title: '' }],
];

/** Draws docs/figures/escape.png. */
export async function drawEscape(found: Escape, on: Landscape): Promise<void> {
  const data = [...basins(on), ...cuts(on), ...angles(found), ...maps(found)];
  const axes = AXES.flatMap(([x, y], i): [string, object][] => {
    const n = i ? String(i + 1) : '';
    const [left, low] = [LEFT[i % 3]!, LOW[Math.floor(i / 3)]!];
    const of = ({ title, ...more }: { title: string }, from: number, size: number, anchor: string) =>
      axis(title, { ...more, domain: [from, from + size], anchor: `${anchor}${n}` });
    return [
      [`xaxis${n}`, of(x, left, SIZE[0], 'y')],
      [`yaxis${n}`, of(y, low, SIZE[1], 'x')],
    ];
  });
  const layout = {
    ...frame({
      title: 'Out of a narrow basin: smoothing, noise, or not at all',
      subtitle: [
        `x by backpropagation, y by ZO; share of ${found.walkers} runs of ${found.steps} steps that end in the wide basin`,
      ],
      height: HEIGHT,
      headroom: 28,
      right: 60,
    }),
    ...Object.fromEntries(axes),
    paper_bgcolor: 'white',
    plot_bgcolor: 'white',
    annotations: [
      ...HEADINGS.map((text, i) => heading(text, LEFT[i % 3]!, LOW[Math.floor(i / 3)]! + SIZE[1], { yshift: 3 })), // prettier-ignore
      ...notes(found),
    ],
  };
  writeFileSync(
    'docs/figures/escape.png',
    await renderPng({ data, layout }, { width: WIDTH, height: HEIGHT }),
  );
}

const ANGLE_COLOURS = [colours.ZO, colours.alarm, colours.perturbed, colours.FO];

const span = (from: number, to: number, n: number) =>
  Array.from({ length: n }, (_, i) => from + ((to - from) * i) / (n - 1));

function basins(on: Landscape): object[] {
  const [x, y] = [span(-1.6, 1.6, 65), span(-1.2, 3.2, 89)];
  const path = (epsilon: number, rateZO: number, name: string, color: string) => {
    const places = walk({ on, x: 'FO', y: 'ZO', way: 'estimate', epsilon, rateZO, rateFO: 0.02, alpha: 0.1, steps: 3000, seed: 1 }); // prettier-ignore
    const every = 4;
    const at = (k: number) => Array.from({ length: places.length / (2 * every) }, (_, i) => places[2 * every * i + k]); // prettier-ignore
    return { type: 'scatter', mode: 'lines', name, x: at(0), y: at(1), line: { color, width: 1.5 } };
  };
  return [
    { type: 'contour', x, y, z: y.map((b) => x.map((a) => on.value(a, b))), colorscale: 'Greys', reversescale: false, ncontours: 24, contours: { coloring: 'fill' }, line: { width: 0 }, showscale: false, opacity: 0.6 }, // prettier-ignore
    path(0.4, 0.01, 'epsilon 0.4', colours.ZO),
    path(0.01, 0.01, 'epsilon 0.01', colours.alarm),
  ];
}

function cuts(on: Landscape): object[] {
  const y = span(-1.2, 3.2, 221);
  const shades = [NEUTRAL, faded(colours.ZO, 0.5), faded(colours.ZO, 0.75), colours.ZO];
  return [0, 0.1, 0.2, 0.4].map((epsilon, i) => ({
    type: 'scatter',
    mode: 'lines',
    x: y,
    y: y.map((b) => on.smoothed(0, b, 0, epsilon).value),
    line: { color: shades[i], width: 2 },
    xaxis: 'x2',
    yaxis: 'y2',
  }));
}

function angles({ angles: list, epsilons }: Escape): object[] {
  const shades = ANGLE_COLOURS;
  return list.map(({ share }, i) => ({
    type: 'scatter',
    mode: 'lines+markers',
    x: epsilons,
    y: share.map((s) => s + 0.012 * (i - 1.5)), // side by side where they are equal
    line: { color: shades[i], width: 2 },
    marker: { color: shades[i], size: 5 },
    xaxis: 'x3',
    yaxis: 'y3',
  }));
}

function maps({ maps: all, epsilons, rates, critical, curvature }: Escape): object[] {
  const edge = (values: readonly number[]) => [values[0]! / 2 ** 0.25, values.at(-1)! * 2 ** 0.25];
  return (['estimate', 'gradient with noise', 'coin'] as const).flatMap((way, k) => {
    const on = { xaxis: `x${4 + k}`, yaxis: `y${4 + k}` };
    const line = (x: number[], y: number[], dash: string) => ({ ...on, type: 'scatter', mode: 'lines', x, y, line: { color: colours.law, width: 2, dash } }); // prettier-ignore
    const heat = { ...on, type: 'heatmap', x: epsilons, y: rates, z: all[way], zmin: 0, zmax: 1, colorscale: [[0, '#f2f2f2'], [1, '#E69F00']], showscale: k === 2, colorbar: { title: { text: 'share' }, len: 0.4, y: 0.18, x: 1.01, thickness: 12 } }; // prettier-ignore
    return [
      heat,
      line([critical, critical], edge(rates), 'dash'),
      line(edge(epsilons), [2 / (3 * curvature.narrow), 2 / (3 * curvature.narrow)], 'dot'),
    ];
  });
}

/** Labels in the panels instead of six legends. */
function notes({ critical, curvature, angles: list, epsilons }: Escape): object[] {
  const text = (n: number, at: number, up: number, words: string, more = {}) => ({ text: words, x: at, y: up, xref: `x${n || ''}`, yref: `y${n || ''}`, showarrow: false, font: { size: 12, color: '#444' }, ...more }); // prettier-ignore
  const log = Math.log10;
  return [
    text(0, 0.15, 2.35, 'epsilon 0.01: stays', { xanchor: 'left' }),
    text(0, 0.3, 0.9, 'epsilon 0.4: out', { xanchor: 'left' }),
    text(2, 3.15, -0.75, 'loss and<br>epsilon 0.1, 0.2, 0.4<br>(from grey to orange)', { xanchor: 'right', align: 'right' }), // prettier-ignore
    ...list.map(({ angle }, i) => text(3, log(epsilons[0]!), 0.9 - 0.12 * i, `${angle}° from the ZO axis`, { xanchor: 'left', font: { size: 12, color: ANGLE_COLOURS[i] } })), // prettier-ignore
    text(4, log(critical), log(0.0042), ' no narrow<br> minimum left', { xanchor: 'left', align: 'left' }),
    text(4, log(epsilons[0]!), log(2 / (3 * curvature.narrow)), '2 / 3h', {
      xanchor: 'left',
      yanchor: 'bottom',
    }),
  ];
}
