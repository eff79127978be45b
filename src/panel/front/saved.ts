import { probeColumns, rowColumns, type ProbeColumn, type RowColumn } from '../protocol.ts';
import { thinned } from '../../plot/thin.ts';
import { Columns } from './columns.ts';

/** Curves thinned for the notebook's file: null where there is no number, since JSON has no NaN. */
export interface SavedCurves {
  rows: Partial<Record<RowColumn, (number | null)[]>>;
  probes: Partial<Record<ProbeColumn, (number | null)[]>>;
}

/** Rows and probes that are kept; about 100 kB at most. */
const ROWS = 800;
const PROBES = 200;

/** What to keep of the curves. */
export function packCurves(rows: Columns<RowColumn>, probes: Columns<ProbeColumn>): SavedCurves {
  return {
    rows: packed(rows, thinned(Array.from(rows.column('loss')), ROWS)),
    probes: packed(probes, thinned(Array.from(probes.column('cosine')), PROBES)),
  };
}

function packed<C extends string>(columns: Columns<C>, kept: readonly number[]) {
  const shortened = (x: number) => (Number.isFinite(x) ? Number(x.toPrecision(7)) : null);
  const entries = columns.names.map((name) => {
    const values = columns.column(name);
    return [name, kept.map((i) => shortened(values[i]!))];
  });
  return Object.fromEntries(entries) as Record<C, (number | null)[]>;
}

/** Columns as they were saved; undefined when what is there is no such thing. */
export function unpackCurves(
  saved: unknown,
): { rows: Columns<RowColumn>; probes: Columns<ProbeColumn> } | undefined {
  if (typeof saved !== 'object' || saved === null) return undefined;
  const { rows, probes } = saved as Partial<SavedCurves>;
  const unpackedRows = unpacked(rowColumns, rows);
  const unpackedProbes = unpacked(probeColumns, probes);
  return unpackedRows && unpackedProbes && { rows: unpackedRows, probes: unpackedProbes };
}

function unpacked<C extends string>(names: readonly C[], saved: Partial<Record<C, unknown>> | undefined) {
  const lists = names.map((name) => saved?.[name]);
  const count = Array.isArray(lists[0]) ? lists[0].length : -1;
  if (!lists.every((list): list is unknown[] => Array.isArray(list) && list.length === count))
    return undefined;
  const columns = new Columns(names);
  const buffers = lists.map((list) => {
    const numbers = Float64Array.from(list, (x) => (typeof x === 'number' ? x : NaN));
    return new DataView(numbers.buffer);
  });
  columns.place(0, count, buffers);
  return columns;
}
