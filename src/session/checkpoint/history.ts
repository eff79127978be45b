import type { HistoryEvent, HistoryRow, ProbeRow, TrainerState } from '../../train/index.ts';
import { fromColumns, toColumns } from './columns.ts';
import type { Json } from './json.ts';

const rowNames = [
  'step',
  'loss',
  'perturbedLoss',
  'coefficient',
  'gradientNorm',
  'estimateNorm',
  'skipped',
  'sizeFO',
  'sizeZO',
  'forwardPasses',
  'flops',
  'seconds',
  'stepSeconds',
  'tensorBytes',
  'residentBytes',
] as const satisfies readonly (keyof HistoryRow)[];

const probeNames = [
  'step',
  'cosine',
  'cosineError',
  'varianceRatio',
  'varianceLaw',
  'seconds',
] as const satisfies readonly (keyof ProbeRow)[];

const eventKinds = [
  'open',
  'profile',
  'partition',
  'edit',
  'settings',
  'skip',
  'evaluate',
  'stop',
  'save',
  'rewind',
  'probe',
  'warning',
] as const satisfies readonly HistoryEvent['kind'][];

/** Rows, events and probes. */
export type HistoryParts = Pick<TrainerState, 'rows' | 'events' | 'probes'>;

export function writeHistory({ rows, events, probes }: HistoryParts): object {
  return { rows: toColumns(rows, rowNames), events, probes: toColumns(probes, probeNames) };
}

export function readHistory(json: Json): HistoryParts {
  const rows = fromColumns<HistoryRow>(json.at('rows'), rowNames, ['skipped']);
  rows.forEach((row, i) => {
    if (row.step !== i) json.at('rows').at('step').fail(`the steps 0, 1, 2, ... in order`);
  });
  const events = json.at('events').list((event) =>
    Object.freeze({
      step: event.at('step').whole(),
      kind: event.at('kind').oneOf(eventKinds),
      text: event.at('text').text(),
    }),
  );
  return { rows, events, probes: fromColumns<ProbeRow>(json.at('probes'), probeNames) };
}
