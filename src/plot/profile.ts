import * as aq from 'arquero';
import type { ColumnTable } from 'arquero';
import type { Profile, ProfileEntry } from '../profile/index.ts';
import { roleBlocks } from './blocks.ts';
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
  type Family,
} from './theme.ts';
import { amount, count, percent, plusMinus, shortName, significant } from './words.ts';

/**
 * Importance of every tensor with its standard error, and below it the tensor's share of the backward cost. Tensors stand
 * in groups by role; within a group layer 0 is on the left.
 */
export function profileFigure(profile: Profile): FigureSpec {
  const { entries, total, size, batches } = profile;
  const { blocks, position, end } = roleBlocks(entries.map((e) => e.parameter));
  const share = (cost: number) => (100 * cost) / total.backward;
  const bars = (list: readonly ProfileEntry[], more: object) => ({
    type: 'bar',
    x: list.map((e) => position(e.parameter)),
    width: 0.86,
    customdata: list.map((e) => tensorLines(e)),
    ...more,
  });
  const familyTraces = Object.entries(familyColours).flatMap(([family, color]) => {
    const list = entries.filter((e) => familyOf(e.parameter.role) === (family as Family));
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
      hovertemplate: '%{customdata}<extra></extra>',
    });
  const layers = Math.max(...entries.map((e) => (e.parameter.role === 'q' ? e.parameter.layer : 0)));
  return figureSpec(
    [
      ...familyTraces,
      costTrace('t_dw: own gradient', (e) => e.dw, 0.95),
      costTrace('t_dy: error signal', (e) => e.dy, 0.45),
    ],
    {
      ...frame({
        title: `Importance and cost of ${count(entries.length, 'tensor')}`,
        subtitle: [
          `${count(batches, 'batch', 'batches')} of ${size.batch} × ${size.length} tokens` +
            ` · loss ${significant(profile.lossBefore, 4)} → ${significant(profile.lossAfter, 4)} in one trial step` +
            (batches > 1 ? ' · lines: ± 1 standard error' : ''),
        ],
        height: 540,
        bottom: 84,
      }),
      barmode: 'stack',
      bargap: 0,
      xaxis: axis(`by role; in each, layer 0 (left) to layer ${layers} (right)`, {
        range: [-0.02 * end, 1.02 * end],
        tickvals: blocks.map((b) => b.start + b.width / 2),
        ticktext: blocks.map((b) => b.label),
        tickangle: 0,
        showgrid: false,
        ticks: '',
        anchor: 'y2',
      }),
      yaxis: axis('importance', {
        domain: [0.4, 1],
        zeroline: true,
        zerolinecolor: NEUTRAL,
        zerolinewidth: 1,
      }),
      yaxis2: axis('cost (%)', { domain: [0, 0.3] }),
      annotations: [heading('share of the backward cost', 0, 0.3)],
      shapes: blocks.slice(1).map((b, i) => {
        const before = blocks[i]!;
        const x = (before.start + before.width + b.start) / 2;
        return {
          type: 'line',
          x0: x,
          x1: x,
          y0: 0,
          y1: 1,
          yref: 'paper',
          line: { color: faded(NEUTRAL, 0.3), width: 1 },
        };
      }),
    },
  );
}

/** Hover text about one tensor: name, shape, importance and cost. */
export function tensorLines({ parameter: p, importance, standardError, dy, dw }: ProfileEntry): string {
  return [
    `<b>${escaped(shortName(p))}</b>`,
    `${p.shape.join(' × ')} = ${amount(p.size)} values${p.tied ? ', tied to the head' : ''}`,
    `importance ${plusMinus(importance, standardError)}`,
    `t_dy ${amount(dy)} · t_dw ${amount(dw)} multiply-adds`,
  ].join('<br>');
}

/** One row a tensor, in execution order. Costs in multiply-accumulates; `share` of t_dy + t_dw in the full backward cost. */
export function profileTable({ entries, total }: Profile): ColumnTable {
  const of = <T>(f: (e: ProfileEntry) => T) => entries.map(f);
  return aq.table({
    name: of((e) => e.parameter.name),
    role: of((e) => e.parameter.role),
    layer: of((e) => e.parameter.layer),
    size: of((e) => e.parameter.size),
    importance: of((e) => e.importance),
    standardError: of((e) => e.standardError),
    dy: of((e) => e.dy),
    dw: of((e) => e.dw),
    share: of((e) => (e.dy + e.dw) / total.backward),
  });
}

/** What a profile found, in a few lines. */
export function profileText(profile: Profile): string {
  const { entries, total, batches, size } = profile;
  const best = [...entries].sort((a, b) => b.importance - a.importance).slice(0, 3);
  const without = entries.filter((e) => !(e.importance > 0)).length;
  return [
    `Profile of ${count(entries.length, 'tensor')} on ${count(batches, 'batch', 'batches')} of ` +
      `${size.batch} × ${size.length} tokens: loss ${significant(profile.lossBefore, 4)} before and ` +
      `${significant(profile.lossAfter, 4)} after one trial step.`,
    `Most important: ${best.map((e) => `${shortName(e.parameter)} (${plusMinus(e.importance, e.standardError)})`).join(', ')}; ` +
      `${without} of ${entries.length} with no gain.`,
    `Forward ${amount(total.forward)}, backward ${amount(total.backward)} multiply-adds; ` +
      `the forward pass is ${percent(total.forward / (total.forward + total.backward))} of a full step.`,
  ].join('\n');
}
