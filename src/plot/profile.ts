import type { Profile, ProfileEntry } from '../profile/index.ts';
import { roleBlocks, type RoleBlocks } from './blocks.ts';
import { cutAbove } from './outliers.ts';
import { beyondReach, onBatches, tensorLines } from './profile-words.ts';
import { figureSpec, type FigureSpec } from './spec.ts';
import {
  NEUTRAL,
  axis,
  escaped,
  faded,
  familyColours,
  familyOf,
  frame,
  heading,
  legendNames,
  type Family,
} from './theme.ts';
import { count, shortName, significant } from './words.ts';

/**
 * Importance of every tensor with its standard error, and below it the tensor's share of the backward cost. Tensors stand
 * in groups by role; within a group layer 0 is on the left. Where importance was not measured the ground is grey.
 */
export function profileFigure(profile: Profile): FigureSpec {
  const { entries, total, batches, unit } = profile;
  const measured = entries.filter((e) => e.reached);
  const laid = roleBlocks(entries.map((e) => e.parameter));
  const { blocks, position, width, end } = laid;
  const share = (cost: number) => (100 * cost) / total.backward;
  const bars = (list: readonly ProfileEntry[], more: object) => ({
    type: 'bar',
    x: list.map((e) => position(e.parameter)),
    width: list.map((e) => width(e.parameter)),
    customdata: list.map((e) => tensorLines(e, unit)),
    ...more,
  });
  const familyTraces = Object.entries(familyColours).flatMap(([family, color]) => {
    const list = measured.filter((e) => familyOf(e.parameter.role) === (family as Family));
    if (list.length === 0) return [];
    return bars(list, {
      name: family,
      y: list.map((e) => e.importance),
      error_y: { array: list.map((e) => e.standardError), color: NEUTRAL, thickness: 1, width: 0 },
      marker: { color },
      hovertemplate: '%{customdata}<extra></extra>',
    });
  });
  const costTrace = (name: string, cost: (e: ProfileEntry) => number, opacity: number) =>
    bars(entries, {
      name,
      y: entries.map((e) => share(cost(e))),
      yaxis: 'y2',
      marker: { color: faded(NEUTRAL, opacity) },
      showlegend: false,
      customdata: entries.map((e) => escaped(shortName(e.parameter))),
      hovertemplate: `<b>%{customdata}</b><br>${name} %{y}% of the backward pass<extra></extra>`,
    });
  const importance = cut(
    measured,
    laid,
    'y',
    (e) => e.importance,
    (e) => e.importance - (e.standardError || 0),
    (x) => significant(x),
  );
  const costOf = (e: ProfileEntry) => share(e.dy + e.dw);
  const cost = cut(entries, laid, 'y2', costOf, costOf, (x) => `${significant(x)}%`);
  return figureSpec(
    [...familyTraces, costTrace('t_dw', (e) => e.dw, 0.95), costTrace('t_dy', (e) => e.dy, 0.45)],
    {
      ...frame({
        title: `Importance and cost of ${count(entries.length, 'tensor')}`,
        subtitle: [
          `${onBatches(profile)} · loss ${significant(profile.lossBefore, 4)} → ${significant(profile.lossAfter, 4)} in one trial step` +
            (batches > 1 ? ' · lines: ± 1 standard error' : ''),
          ...beyondReach(profile).map((words) => `grey: ${words}`),
        ],
        height: 540,
        bottom: 84,
        legend: legendNames(familyTraces),
      }),
      barmode: 'stack',
      bargap: 0,
      xaxis: axis(order(profile), {
        range: [-0.02 * end, 1.02 * end],
        tickvals: blocks.map((b) => b.start + b.width / 2),
        ticktext: blocks.map((b) => b.label),
        tickangle: 0,
        showgrid: false,
        ticks: '',
        anchor: 'y2',
      }),
      yaxis: axis('importance', {
        domain: IMPORTANCE,
        zeroline: true,
        zerolinecolor: NEUTRAL,
        zerolinewidth: 1,
        ...importance.axis,
      }),
      yaxis2: axis('cost (%)', { domain: [0, 0.3], nticks: 4, ...cost.axis }),
      annotations: [
        heading(
          `backward ${kindOf(profile)}: t_dw, own gradient (dark) + t_dy, error signal (light)`,
          0,
          0.31,
        ),
        ...importance.annotations,
        ...cost.annotations,
      ],
      shapes: [
        ...grounds(entries.filter((e) => !e.reached), laid), // prettier-ignore
        ...blocks.slice(1).map((b, i) => {
          const before = blocks[i]!;
          return separator((before.start + before.width + b.start) / 2);
        }),
      ],
    },
  );
}

/** Where importance is drawn, from the foot of the figure (0) to its top. */
const IMPORTANCE = [0.42, 1] as const;

/** Ground where importance was not measured, neighbours in one piece. */
function grounds(list: readonly ProfileEntry[], { position, width }: RoleBlocks): object[] {
  const pieces: { x0: number; x1: number }[] = [];
  for (const { parameter: p } of [...list].sort((a, b) => position(a.parameter) - position(b.parameter))) {
    const [x0, x1] = [position(p) - width(p) / 2, position(p) + width(p) / 2];
    const last = pieces.at(-1);
    if (last && x0 - last.x1 < width(p) / 2) last.x1 = x1;
    else pieces.push({ x0, x1 });
  }
  const [y0, y1] = IMPORTANCE;
  const look = {
    type: 'rect',
    yref: 'paper',
    layer: 'below',
    line: { width: 0 },
    fillcolor: faded(NEUTRAL, 0.25),
  };
  return pieces.map((piece) => ({ ...look, ...piece, y0, y1 }));
}

function separator(x: number): object {
  const line = { color: faded(NEUTRAL, 0.3), width: 1 };
  return { type: 'line', x0: x, x1: x, y0: 0, y1: 1, yref: 'paper', line };
}

/**
 * Cuts an axis that a few tensors would flatten for the others, and writes their values where their bars leave it. `low`
 * is the lower end of what is drawn for a tensor.
 */
function cut(
  entries: readonly ProfileEntry[],
  { position, end }: RoleBlocks,
  yref: string,
  value: (e: ProfileEntry) => number,
  low: (e: ProfileEntry) => number,
  text: (x: number) => string,
) {
  const top = cutAbove(entries.map((e) => Math.abs(value(e))));
  if (top === undefined) return { axis: {}, annotations: [] };
  const beyond = entries.filter((e) => Math.abs(value(e)) > top);
  const lowest = Math.min(0, ...entries.map(low).map((x) => Math.max(-top, x)));
  const bottom = 1.15 * lowest;
  return {
    axis: { range: [bottom, top] },
    annotations: beyond.map((e) => {
      const x = position(e.parameter);
      const side = x > 0.8 * end ? -1 : 1; // beside the bar, inside the figure
      return {
        text: text(value(e)),
        x,
        y: value(e) > 0 ? top : bottom,
        yref,
        xanchor: side > 0 ? 'left' : 'right',
        xshift: 8 * side,
        yanchor: value(e) > 0 ? 'top' : 'bottom',
        showarrow: false,
        font: { size: 13 },
      };
    }),
  };
}

const kindOf = ({ unit }: Profile) => (unit === 'nanoseconds' ? 'time, measured' : 'cost');

/** How the tensors stand on the axis. */
function order({ entries }: Profile): string {
  const parameters = entries.map((e) => e.parameter);
  const inLayers = parameters.filter((p) => p.role === 'o').map((p) => p.layer);
  if (inLayers.length > 0)
    return `by role; in each, layer 0 (left) to layer ${Math.max(...inLayers)} (right)`;
  return 'by role; in each, from the input layer (left) to the output layer (right)';
}
