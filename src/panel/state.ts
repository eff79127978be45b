import type { Label, Partition, Reason } from '../partition/index.ts';
import { isOutside } from '../plot/grid.ts';
import { movingAverage } from '../train/index.ts';
import type { PanelHost } from './host.ts';
import type { BudgetAnswer, EventLine, PanelState, TensorCell } from './protocol.ts';

/** Events that a panel lists, and characters of each. */
const TAIL = 200;
const LONGEST = 300;
/** Steps that the time for a step is smoothed over. */
const RECENT = 20;

const letters: Record<Label, string> = { FO: 'F', ZO: 'Z', frozen: 'x' };
const reasons: Record<Reason, string> = {
  'by hand': 'h',
  chosen: 'c',
  'over budget': 'o',
  'no gain': 'n',
  'out of reach': 'r',
  all: 'a',
  base: 'b',
};

const finite = (x: number | undefined): number | null => (x !== undefined && Number.isFinite(x) ? x : null);

/** What a partition adds up to, held against the labels in force. Undefined for one that was not made for a budget. */
export function budgetAnswer(
  next: Partition,
  inForce: Partition | undefined,
  solveMs: number,
): BudgetAnswer | undefined {
  const { budget, entries } = next;
  if (!budget) return undefined;
  const { achieved, importanceKept, countFO, countZO, sizeFO, sizeZO } = next.summary();
  const changed = entries.filter((e, i) => inForce?.entries[i]?.label !== e.label);
  const places = (toFO: boolean) =>
    changed.filter((e) => (e.label === 'FO') === toFO).map((e) => e.parameter.index);
  return {
    rho: budget.rho,
    achieved: finite(achieved),
    allowed: finite(budget.share),
    importanceKept: finite(importanceKept),
    countFO,
    countZO,
    sizeFO,
    sizeZO,
    toFO: places(true),
    toZO: places(false),
    solveMs,
    warning: budget.warning ?? null,
  };
}

/** A model's tensors as the map takes them. */
export function tensorCells({
  parameters,
  lastProfile,
}: Pick<PanelHost, 'parameters' | 'lastProfile'>): TensorCell[] {
  const measured = lastProfile?.entries.map((e) => (e.reached ? e.importance : NaN));
  return parameters.map((p, i) => ({
    name: p.name,
    layer: isOutside(p.role) ? null : p.layer,
    ...(p.layerName !== undefined && { layerName: p.layerName }),
    role: p.role,
    shape: p.shape,
    size: p.size,
    importance: finite(measured?.[i]),
  }));
}

function eventLines({ events }: PanelHost): EventLine[] {
  return events.slice(-TAIL).map(({ step, kind, text }) => {
    return { step, kind, text: text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text };
  });
}

/** All that a view shows but the curves. */
export function panelState(host: PanelHost, revision: number): PanelState {
  const { labels, settings, probeRows, probes } = host;
  const recent = movingAverage(host.rows.slice(-RECENT).map((row) => row.stepSeconds));
  const probing = probeRows.slice(-RECENT).map((row) => row.seconds);
  const { alpha, epsilon, rateFO, rateZO, queries } = settings;
  return {
    revision,
    title: host.title,
    method: host.method,
    run: host.runState,
    steps: host.steps,
    until: host.until ?? null,
    secondsPerStep: finite(recent.at(-1)),
    rewindable: host.rewindable ?? null,
    tensors: tensorCells(host),
    labels: labels?.entries.map((e) => letters[e.label]).join('') ?? '',
    reasons: labels?.entries.map((e) => reasons[e.reason]).join('') ?? '',
    budget: (labels && budgetAnswer(labels, labels, 0)) ?? null,
    settings: { alpha, epsilon, rateFO, rateZO, queries },
    probes: {
      ...probes,
      secondsEach: finite(probing.reduce((s, x) => s + x, 0) / probing.length),
    },
    events: eventLines(host),
    pending: host.pending,
  };
}
