import * as aq from 'arquero';
import type { ColumnTable } from 'arquero';
import { methods, movingAverage, type HistoryRow, type Method } from '../train/index.ts';
import { meanCurve, spread, type Curve } from './align.ts';
import { progressTitles, type Progress } from './progress.ts';
import { figureSpec, type FigureSpec } from './spec.ts';
import { axis, colours, escaped, faded, frame, legendNames } from './theme.ts';
import { count, plusMinus } from './words.ts';

/** One run of a method. */
export interface ComparedRun {
  /** Method; runs with the same title are averaged. */
  title: string;
  seed: number;
  rows: readonly HistoryRow[];
  /** Primary score after the run, 0 to 1. */
  score?: number;
}

/** Points a line; more show nothing on a screen. */
const POINTS = 300;
const dashes = ['solid', 'dash', 'dot', 'dashdot', 'longdash', 'longdashdot'];
const spare = [colours.clean, colours.perturbed, '#56B4E9', colours.alarm, '#B3A300'];

/** Full fine-tuning in FO's colour, ZO only in ZO's, the frozen partition in grey; others take what is left. */
function coloursOf(titles: readonly string[]): string[] {
  const taken = new Set<string>();
  const take = (colour: string) => (taken.has(colour) ? undefined : (taken.add(colour), colour));
  const meant = titles.map((title) => {
    const method: Method | undefined = Object.values(methods).find((m) => m.title === title);
    if (!method) return undefined;
    const { labelling } = method;
    if (labelling.by === 'all') return take(colours[labelling.label]);
    return labelling.rest === 'frozen' ? take(colours.frozen) : undefined;
  });
  let next = 0;
  return meant.map((colour) => colour ?? spare[next++ % spare.length]!);
}

function groups(runs: readonly ComparedRun[]): [string, ComparedRun[]][] {
  const byTitle = new Map<string, ComparedRun[]>();
  for (const run of runs) byTitle.set(run.title, [...(byTitle.get(run.title) ?? []), run]);
  return [...byTitle];
}

/** The averaged loss of a run; the perturbed one where there is no clean one. */
function lossCurve({ rows }: ComparedRun, x: Progress): Curve {
  const loss = movingAverage(rows.map((row) => (Number.isFinite(row.loss) ? row.loss : row.perturbedLoss)));
  const known = rows.flatMap((row, i) => (Number.isFinite(loss[i]) ? [{ x: row[x], y: loss[i]! }] : []));
  return { x: known.map((k) => k.x), y: known.map((k) => k.y) };
}

/** Loss of several methods, a line each: mean over seeds, band of one standard deviation. */
export function compareFigure(runs: readonly ComparedRun[], options: { x?: Progress } = {}): FigureSpec {
  const { x = 'step' } = options;
  const grouped = groups(runs);
  const palette = coloursOf(grouped.map(([title]) => title));
  const data = grouped.flatMap(([title, list], i): object[] => {
    const color = palette[i]!;
    const curve = meanCurve(
      list.map((run) => lossCurve(run, x)),
      POINTS,
    );
    const common = { type: 'scatter', mode: 'lines', legendgroup: title };
    const line = {
      ...common,
      name: escaped(title),
      x: curve.map((p) => p.x),
      y: curve.map((p) => p.mean),
      line: { color, width: 2.5, dash: dashes[i % dashes.length] },
      customdata: curve.map((p) => plusMinus(p.mean, p.deviation, 4)),
      hovertemplate: `${escaped(title)}: %{customdata}<extra></extra>`,
    };
    const wide = curve.filter((p) => Number.isFinite(p.deviation));
    if (wide.length === 0) return [line];
    const edge = [
      ...wide.map((p) => [p.x, p.mean + p.deviation]),
      ...wide.map((p) => [p.x, p.mean - p.deviation]).reverse(),
    ];
    const band = {
      ...common,
      name: `${escaped(title)}, spread`,
      x: edge.map((p) => p[0]!),
      y: edge.map((p) => p[1]!),
      fill: 'toself',
      fillcolor: faded(color, 0.2),
      line: { width: 0 },
      showlegend: false,
      hoverinfo: 'skip',
    };
    return [band, line];
  });
  const seeds = Math.max(0, ...grouped.map(([, list]) => list.length));
  return figureSpec(data, {
    ...frame({
      title: 'Loss by method',
      subtitle: [
        `moving average${seeds > 1 ? `, mean over ${count(seeds, 'seed')}, band ± 1 standard deviation` : ''}`,
      ],
      height: 480,
      legend: legendNames(data),
    }),
    hovermode: 'x',
    xaxis: axis(progressTitles[x]),
    yaxis: axis('loss'),
  });
}

/** One row a method: mean and spread over seeds of the last averaged loss and of the score, and what a run took on average. */
export function compareTable(runs: readonly ComparedRun[]): ColumnTable {
  const rows = groups(runs).map(([title, list]) => {
    const loss = spread(list.map((run) => lossCurve(run, 'step').y.at(-1) ?? NaN));
    const score = spread(list.map((run) => run.score ?? NaN));
    const last = (column: Progress) => spread(list.map((run) => run.rows.at(-1)?.[column] ?? NaN)).mean;
    return {
      method: title,
      seeds: list.length,
      loss: loss.mean,
      lossSpread: loss.deviation,
      score: score.mean,
      scoreSpread: score.deviation,
      steps: spread(list.map((run) => run.rows.length)).mean,
      forwardPasses: last('forwardPasses'),
      flops: last('flops'),
      seconds: last('seconds'),
    };
  });
  return aq.from(rows);
}
