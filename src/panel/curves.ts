import { thinned } from '../plot/thin.ts';
import type { HistoryRow } from '../train/index.ts';
import type { PanelHost, ProbeRow } from './host.ts';
import { probeColumns, rowColumns, type PanelMessage } from './protocol.ts';

/** Rows of one message at most. */
export const MOST_ROWS = 2000;
/** Columns whose extremes are kept when rows are thinned. */
const drawn = ['loss', 'perturbedLoss', 'coefficient', 'gradientNorm'] as const;

/** A message with its columns. */
export interface Columns {
  message: Extract<PanelMessage, { count: number }>;
  buffers: Float64Array[];
}

/** At most `MOST_ROWS` of the rows, with the first, the last and the extremes of the drawn columns. */
function fewer(rows: readonly HistoryRow[]): readonly HistoryRow[] {
  if (rows.length <= MOST_ROWS) return rows;
  const kept = new Set<number>();
  for (const column of drawn) {
    const values = rows.map((row) => row[column]);
    for (const i of thinned(values, MOST_ROWS / drawn.length)) kept.add(i);
  }
  return [...kept].sort((a, b) => a - b).map((i) => rows[i]!);
}

function columns<Name extends string>(
  names: readonly Name[],
  rows: readonly Record<Name, number>[],
): Float64Array[] {
  return names.map((name) => Float64Array.from(rows, (row) => row[name]));
}

/**
 * What the views have of a host's curves, so that each message carries only what is new. All views get the same messages,
 * and a view that comes later makes all begin anew, so what was sent is what every view has.
 */
export class Curves {
  readonly #host: PanelHost;
  /** Rows of the host that the views know of, in full or thinned. */
  #rows = 0;
  /** Steps of the rows that were sent. */
  #sent: number[] = [];
  #probes = 0;
  /** Rows or probes that the views have are gone. */
  #cut = false;

  constructor(host: PanelHost) {
    this.#host = host;
  }

  /** A view has come that has nothing. */
  restart(): void {
    this.#rows = this.#probes = 0;
    this.#sent = [];
    this.#cut = true;
  }

  /** Rows from `step` on are gone, and probes with them. */
  rewind(step: number): void {
    this.#rows = Math.min(this.#rows, step);
    const gone = this.#sent.findIndex((sent) => sent >= step);
    if (gone >= 0) this.#sent.length = gone;
    this.#probes = Math.min(this.#probes, this.#host.probeRows.length);
    this.#cut = true;
  }

  /** What is new since the last call. */
  next(): Columns[] {
    const { rows, probeRows } = this.#host;
    const found: Columns[] = [];
    if (this.#cut || rows.length > this.#rows) {
      const kept = fewer(rows.slice(this.#rows));
      const message = { type: 'rows', from: this.#sent.length, count: kept.length } as const;
      found.push({ message, buffers: columns(rowColumns, kept) });
      for (const { step } of kept) this.#sent.push(step);
    }
    if (this.#cut || probeRows.length > this.#probes) {
      const kept: readonly ProbeRow[] = probeRows.slice(this.#probes);
      const message = { type: 'probes', from: this.#probes, count: kept.length } as const;
      found.push({ message, buffers: columns(probeColumns, kept) });
    }
    [this.#rows, this.#probes, this.#cut] = [rows.length, probeRows.length, false];
    return found;
  }
}
