import { describe, expect, it } from 'vitest';
import { probeColumns, rowColumns } from '../../src/panel/protocol.ts';
import { Columns } from '../../src/panel/front/columns.ts';
import { curvesFigure } from '../../src/panel/front/curves/figure.ts';
import { MAX_POINTS, type FigureOptions } from '../../src/panel/front/curves/traces.ts';
import { curvePanels } from '../../src/panel/front/curves/panels.ts';
import { placeOf } from '../../src/panel/front/curves/progress.ts';
import { packCurves, unpackCurves } from '../../src/panel/front/saved.ts';

/** Buffers as they arrive: anywhere in a frame. */
function buffers(columns: readonly (readonly number[])[]): DataView[] {
  return columns.map((values) => {
    const bytes = new Uint8Array(8 * values.length + 5);
    bytes.set(new Uint8Array(Float64Array.from(values).buffer), 5);
    return new DataView(bytes.buffer, 5);
  });
}

function rowsOf(count: number) {
  const rows = new Columns(rowColumns);
  const columns = rowColumns.map((_, c) =>
    Array.from({ length: count }, (_, i) => (c === 0 ? i : i * (c + 1))),
  );
  rows.place(0, count, buffers(columns));
  return rows;
}

function probesOf(steps: readonly number[]) {
  const probes = new Columns(probeColumns);
  const columns = probeColumns.map((_, c) => steps.map((s) => (c === 0 ? s : 0.1 * c)));
  probes.place(0, steps.length, buffers(columns));
  return probes;
}

const options = (more: Partial<FigureOptions> = {}): FigureOptions => ({
  rows: rowsOf(50),
  probes: probesOf([10, 20]),
  events: [],
  panels: curvePanels,
  x: 'step',
  logY: false,
  smoothing: 0.9,
  mark: null,
  dark: false,
  ...more,
});

interface Trace {
  name: string;
  x: number[];
  y: (number | null)[];
  type: string;
}
const traces = (more: Partial<FigureOptions> = {}) => curvesFigure(options(more)).data as Trace[];

describe('columns', () => {
  it('grow, and shrink when a run is rewound', () => {
    const columns = new Columns(['a', 'b']);
    expect(columns.place(0, 2, buffers([[1, 2], [3, 4]]))).toBe(true); // prettier-ignore
    expect(columns.place(2, 200, buffers([Array<number>(200).fill(7), Array<number>(200).fill(8)]))).toBe(
      true,
    );
    expect(columns.length).toBe(202);
    expect(columns.place(1, 1, buffers([[9], [10]]))).toBe(true);
    expect([...columns.column('a')]).toEqual([1, 9]);
    expect([...columns.column('b')]).toEqual([3, 10]);
    expect(columns.place(0, 0, [])).toBe(true);
    expect(columns.length).toBe(0);
  });

  it('take nothing that does not fit', () => {
    const columns = new Columns(['a', 'b']);
    columns.place(0, 1, buffers([[1], [2]]));
    expect(columns.place(3, 1, buffers([[1], [2]]))).toBe(false); // rows 1 and 2 are missing
    expect(columns.place(1, 2, buffers([[1], [2]]))).toBe(false);
    expect(columns.place(1, 1, buffers([[1]]))).toBe(false);
    expect(columns.place(-1, 1, buffers([[1], [2]]))).toBe(false);
    expect(columns.length).toBe(1);
    expect([...columns.column('a')]).toEqual([1]);
  });
});

describe('the figure', () => {
  it('has at most 2000 points a trace, the last among them', () => {
    for (const trace of traces({ rows: rowsOf(30_000) })) {
      expect(trace.x.length).toBeLessThanOrEqual(MAX_POINTS);
      expect(trace.x.length).toBe(trace.y.length);
    }
    const [loss] = traces({ rows: rowsOf(30_000) });
    expect(loss!.x.at(-1)).toBe(29_999);
    expect(loss!.type).toBe('scattergl');
    expect(traces()[0]!.type).toBe('scatter');
  });

  it('averages the losses with a bias-corrected EMA', () => {
    const rows = rowsOf(3);
    const y = traces({ rows, smoothing: 0.5 }).find((t) => t.name === 'clean, averaged')!.y;
    // loss is 0, 2, 4: sums 0, 1, 2.5 over weights 0.5, 0.75, 0.875
    expect(y[0]).toBe(0);
    expect(y[1]).toBeCloseTo(1 / 0.75, 12);
    expect(y[2]).toBeCloseTo(2.5 / 0.875, 12);
    expect(traces({ rows, smoothing: 0 }).some((t) => t.name.includes('averaged'))).toBe(false);
  });

  it('places probes and events between the rows on every axis', () => {
    const steps = [0, 1, 2, 3];
    expect(placeOf(2, 'step', steps, steps)).toBe(1.5);
    expect(placeOf(2, 'flops', steps, [10, 20, 30, 40])).toBe(20);
    expect(placeOf(0, 'flops', steps, [10, 20, 30, 40])).toBe(10);
    expect(placeOf(99, 'seconds', steps, [10, 20, 30, 40])).toBe(40);
    expect(placeOf(5, 'seconds', [], [])).toBe(0);
    const cosine = traces({ x: 'forwardPasses' }).find((t) => t.name === 'mean ± standard error')!;
    expect(cosine.x).toEqual([9 * 7, 19 * 7]); // of rows 9 and 19
  });

  it('shows magnitudes on a logarithmic axis and leaves gaps where there is no number', () => {
    const rows = new Columns(rowColumns);
    const values = rowColumns.map((name) => (name === 'coefficient' ? [-2, 0, NaN] : [1, 2, 3]));
    rows.place(0, 3, buffers(values));
    const c = (logY: boolean) => traces({ rows, logY }).find((t) => t.name === 'c')!.y;
    expect(c(true)).toEqual([2, null, null]);
    expect(c(false)).toEqual([-2, 0, null]);
  });

  it('shows text of events as text', () => {
    const { data } = curvesFigure(
      options({ events: [{ step: 3, kind: 'edit', text: '<b onclick=x>&</b>' }] }),
    );
    expect(JSON.stringify(data)).toContain('&lt;b onclick=x&gt;&amp;&lt;/b&gt;');
  });

  it('stands without rows, and with any choice of panels', () => {
    const empty = { rows: new Columns(rowColumns), probes: new Columns(probeColumns) };
    const { data, layout: bare } = curvesFigure(options(empty));
    expect((data as Trace[]).every((t) => t.name === 'none')).toBe(true);
    expect(JSON.stringify(bare.annotations)).toContain('no step yet');
    for (const panel of curvePanels) {
      const { layout } = curvesFigure(options({ panels: [panel] }));
      expect((layout.yaxis as { domain: number[] }).domain).toEqual([0, 1]);
      expect((layout.xaxis as { anchor: string }).anchor).toBe('y');
    }
  });
});

describe('curves in a saved notebook', () => {
  it('come back, thinned, without numbers that JSON lacks', () => {
    const rows = rowsOf(5000);
    rows.place(5000, 1, buffers(rowColumns.map((_, c) => [c === 0 ? 5000 : NaN])));
    const text = JSON.stringify(packCurves(rows, probesOf([10, 20])));
    expect(text.length).toBeLessThan(200_000);
    const back = unpackCurves(JSON.parse(text))!;
    expect(back.rows.length).toBeLessThanOrEqual(800);
    expect(back.rows.column('step').at(-1)).toBe(5000);
    expect(back.rows.column('loss').at(-1)).toBeNaN();
    expect([...back.probes.column('step')]).toEqual([10, 20]);
  });

  it('are left alone when they are something else', () => {
    for (const other of [
      undefined,
      null,
      1,
      {},
      { rows: { step: [1] }, probes: {} },
      { rows: [], probes: [] },
    ])
      expect(unpackCurves(other)).toBeUndefined();
  });
});
