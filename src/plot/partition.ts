import * as aq from 'arquero';
import type { ColumnTable } from 'arquero';
import type { Label, Partition, PartitionEntry } from '../partition/index.ts';
import { layerGrid } from './grid.ts';
import { beyondReach, tensorLines } from './profile-words.ts';
import { reasonText } from './reasons.ts';
import { figureSpec, type FigureSpec } from './spec.ts';
import { NEUTRAL, axis, escaped, faded, frame, labelColour, legendNames } from './theme.ts';
import { amount, count, percent, shortName } from './words.ts';

const labels: readonly Label[] = ['FO', 'ZO', 'frozen'];
const longLabels: Record<Label, string> = {
  FO: 'FO: gradient + AdamW',
  ZO: 'ZO: estimated from losses',
  frozen: 'frozen',
};

/**
 * The FO/ZO map: a cell for each tensor, coloured by its label and filled to the square root of its importance (full
 * without a profile; greyed where it was not measured). Hover gives the reason; diamonds mark labels set by hand.
 */
export function partitionFigure(partition: Partition): FigureSpec {
  const { entries } = partition;
  const grid = layerGrid(entries.map((e) => e.parameter));
  const fill = fillOf(partition);
  const bars = (list: readonly PartitionEntry[], height: (e: PartitionEntry) => number, more: object) => ({
    type: 'bar',
    x: list.map((e) => grid.cell(e.parameter).x),
    width: list.map((e) => grid.cell(e.parameter).width),
    base: list.map((e) => grid.cell(e.parameter).y),
    y: list.map((e) => grid.cell(e.parameter).height * height(e)),
    ...more,
  });
  const data = labels.flatMap((label): object[] => {
    const list = entries.filter((e) => e.label === label);
    if (list.length === 0) return [];
    const colour = labelColour(label);
    return [
      bars(list, () => 1, {
        name: label,
        legendgroup: label,
        showlegend: false,
        marker: { color: faded(colour, 0.35) },
        customdata: list.map((e) => hover(partition, e)),
        hovertemplate: '%{customdata}<extra></extra>',
      }),
      bars(list, fill, {
        name: longLabels[label],
        legendgroup: label,
        marker: { color: colour },
        hoverinfo: 'skip',
      }),
    ];
  });
  const unknown = entries.filter((e) => partition.profile?.entries[e.parameter.index]?.reached === false);
  if (unknown.length > 0) {
    data.push(
      bars(unknown, () => 1, {
        name: 'importance not measured',
        marker: { color: faded(NEUTRAL, 0.4) },
        hoverinfo: 'skip',
      }),
    );
  }
  const edited = entries.filter((e) => e.reason === 'by hand');
  if (edited.length > 0 && edited.length < entries.length) {
    data.push({
      type: 'scatter',
      mode: 'markers',
      name: 'set by hand',
      x: edited.map((e) => grid.cell(e.parameter).x),
      y: edited.map((e) => grid.cell(e.parameter).y + grid.cell(e.parameter).height / 2),
      marker: { symbol: 'diamond', size: 7, color: '#fff', line: { color: '#000', width: 1.5 } },
      hoverinfo: 'skip',
    });
  }
  return figureSpec(data, {
    ...frame({
      title: title(partition),
      subtitle: subtitle(partition),
      height: 480,
      legend: legendNames(data),
    }),
    barmode: 'overlay',
    xaxis: axis(`layer, input to output${partition.profile ? ' · fill: square root of importance' : ''}`, {
      range: [0, grid.width],
      tickvals: grid.columns.map((c) => c.x),
      ticktext: grid.columns.map((c) => c.label),
      tickangle: 0,
      showgrid: false,
      ticks: '',
    }),
    yaxis: axis('', {
      range: [0, grid.height],
      tickvals: grid.rows.map((r) => r.y),
      ticktext: grid.rows.map((r) => r.label),
      showgrid: false,
      ticks: '',
      color: NEUTRAL,
    }),
  });
}

function title({ budget, entries }: Partition): string {
  const kinds = labels.filter((label) => entries.some((e) => e.label === label)).join(' / ');
  return budget ? `${kinds} partition at rho ${budget.rho}` : `${kinds} partition`;
}

function subtitle(partition: Partition): string[] {
  const { profile, budget, edits } = partition;
  const lines = [counts(partition)];
  if (profile) {
    const kept = `${percent(partition.summary().importanceKept)} of importance in FO`;
    lines.push(
      [spent(partition), ...(profile.reach === undefined ? [kept] : [])].join(' · '),
      ...beyondReach(profile),
    );
  }
  if (budget?.warning) lines.push('budget raised to its floor: see the text');
  if (edits.length > 0) lines.push(`${count(edits.length, 'edit')} by hand since`);
  return lines;
}

function counts(partition: Partition): string {
  const { countFO, countZO, sizeFO, sizeZO } = partition.summary();
  const frozen = partition.with('frozen');
  const part = (label: Label, n: number, size: number) =>
    n > 0 ? [`${label} ${count(n, 'tensor')}, ${amount(size)} values`] : [];
  return [
    ...part('FO', countFO, sizeFO),
    ...part('ZO', countZO, sizeZO),
    ...part(
      'frozen',
      frozen.length,
      frozen.reduce((s, p) => s + p.size, 0),
    ),
  ].join(' · ');
}

function spent(partition: Partition): string {
  const share = partition.summary().achieved;
  if (Number.isNaN(share)) return 'backward cost unknown without a profile';
  const achieved = percent(share);
  const { budget, profile } = partition;
  const what = profile?.unit === 'nanoseconds' ? 'time' : 'cost';
  return `${achieved} of the backward ${what}` + (budget ? ` (budget ${percent(budget.share)})` : '');
}

/** Share of a cell that is filled. */
function fillOf({ profile }: Partition): (e: PartitionEntry) => number {
  if (!profile) return () => 1;
  const largest = Math.max(...profile.entries.map((e) => e.importance));
  return ({ parameter }) =>
    Math.sqrt(Math.max(0, profile.entries[parameter.index]!.importance) / (largest > 0 ? largest : 1));
}

function hover({ profile }: Partition, e: PartitionEntry): string {
  const p = e.parameter;
  const profiled = profile?.entries[p.index];
  const about =
    profile && profiled
      ? tensorLines(profiled, profile.unit)
      : `<b>${escaped(shortName(p))}</b><br>${p.shape.join(' × ')} = ${amount(p.size)} values`;
  return `${about}<br><b>${e.label}</b>: ${escaped(reasonText(e, profiled)).replace(', but', ',<br>but')}`;
}

/**
 * One row a tensor, in execution order. Importance and costs (in the profile's unit) are NaN without a profile, importance also where
 * it was not measured;
 * `perCost` is importance for one full backward pass's worth of cost.
 */
export function partitionTable(partition: Partition): ColumnTable {
  const { entries, profile } = partition;
  const profiled = (e: PartitionEntry) => profile?.entries[e.parameter.index];
  const importance = (e: PartitionEntry) => (profiled(e)?.reached ? profiled(e)!.importance : NaN);
  const of = <T>(f: (e: PartitionEntry) => T) => entries.map(f);
  return aq.table({
    name: of((e) => e.parameter.name),
    label: of((e) => e.label),
    reason: of((e) => reasonText(e, profiled(e))),
    importance: of(importance),
    dy: of((e) => profiled(e)?.dy ?? NaN),
    dw: of((e) => profiled(e)?.dw ?? NaN),
    perCost: of((e) => {
      const p = profiled(e);
      return p && profile ? (importance(e) * profile.total.backward) / (p.dy + p.dw) : NaN;
    }),
  });
}

/** What a partition adds up to, in a few lines. */
export function partitionText(partition: Partition): string {
  const { profile, budget, edits } = partition;
  const s = partition.summary();
  const lines = [`${title(partition)}: ${counts(partition)}.`];
  if (profile) {
    const kept = `, keeps ${percent(s.importanceKept)} of the positive importance in FO`;
    lines.push(`Spends ${spent(partition)}${profile.reach === undefined ? kept : ''}.`);
    lines.push(...beyondReach(profile).map((words) => `Importance: ${words}.`));
  }
  if (s.deepestFO) {
    lines.push(
      `The error signal goes down to ${shortName(s.deepestFO)}; ${count(s.interleaved, 'ZO tensor')} above it.`,
    );
  }
  if (budget?.warning) lines.push(`Note: ${budget.warning}`);
  if (edits.length > 0) lines.push(`By hand: ${edits.join('; ')}.`);
  return lines.join('\n');
}
