import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { colours, historyFigure, historyTable, historyText, liveLossFigure } from '../../src/plot/index.ts';
import { thinned } from '../../src/plot/thin.ts';
import { movingAverage, type HistoryEvent } from '../../src/train/index.ts';
import { history } from './results.ts';
import { five, layout, traces, type Trace } from './traces.ts';

const named = (list: Trace[], name: string) => list.find((t) => t.name === name)!;

describe('history figure', () => {
  const rows = history(100);
  const list = traces(historyFigure(rows));

  it('draws the clean and the perturbed loss, each step and averaged', () => {
    for (const [column, name, colour] of [
      ['loss', 'clean loss', colours.clean],
      ['perturbedLoss', 'perturbed loss', colours.perturbed],
    ] as const) {
      const raw = rows.map((r) => r[column]);
      const null5 = (x: number) => (Number.isFinite(x) ? five(x) : null);
      expect(named(list, `${name}, each step`).y).toEqual(raw.map(null5));
      expect(named(list, name).y).toEqual(movingAverage(raw).map(null5));
      expect(named(list, name).line!.color).toBe(colour);
    }
  });

  it('puts coefficient and gradient norm in panels of their own', () => {
    expect(named(list, 'ZO coefficient c')).toMatchObject({ yaxis: 'y2', line: { color: colours.ZO } });
    expect(named(list, 'norm of the FO gradient')).toMatchObject({
      yaxis: 'y3',
      line: { color: colours.FO },
    });
  });

  it('leaves out what a method has not', () => {
    const full = rows.map((r) => ({ ...r, perturbedLoss: NaN, coefficient: NaN }));
    const names = traces(historyFigure(full)).map((t) => t.name);
    expect(names).toEqual([
      'clean loss, each step',
      'clean loss',
      'norm of the FO gradient',
      'update skipped',
    ]);
  });

  it('marks skipped updates with the reason', () => {
    const skipped = named(list, 'update skipped');
    expect(skipped.x).toEqual([36, 73]);
    expect(skipped.customdata![0]).toBe('step 36 skipped: the perturbed loss is not finite');
    expect(skipped.marker!.color).toBe(colours.alarm);
  });

  it.each(['step', 'forwardPasses', 'flops', 'seconds'] as const)('can be drawn against %s', (x) => {
    const spec = historyFigure(rows, { x });
    expect(named(traces(spec), 'clean loss').x[9]).toBe(
      Number.isInteger(rows[9]![x]) && rows[9]![x] < 1e9 ? rows[9]![x] : five(rows[9]![x]),
    );
  });

  it('marks edits between steps, two at one place with one line', () => {
    const events: HistoryEvent[] = [
      { step: 0, kind: 'partition', text: 'rho 0.6' },
      { step: 40, kind: 'edit', text: 'promote <a>' },
      { step: 40, kind: 'edit', text: 'demote b' },
      { step: 90, kind: 'evaluate', text: 'rougeL 40%' },
      { step: 95, kind: 'save', text: 'saved' },
    ];
    const spec = historyFigure(rows, { events });
    expect(layout(spec).shapes!.map((s) => s.x0)).toEqual([39.5, 89.5]);
    expect(named(traces(spec), 'event').customdata).toEqual(['promote &lt;a&gt;<br>demote b', 'rougeL 40%']);
    const late = layout(spec).annotations!.find((a) => a.text === 'rougeL 40%')!;
    expect(late.xanchor).toBe('right');
    const inSeconds = historyFigure(rows, { events, x: 'seconds' });
    expect(layout(inSeconds).shapes![0]!.x0).toBe(rows[39]!.seconds);
  });

  it('uses WebGL above 2000 points', () => {
    expect(named(traces(historyFigure(history(2000))), 'clean loss').type).toBe('scatter');
    expect(named(traces(historyFigure(history(2001))), 'clean loss').type).toBe('scattergl');
  });
});

describe('live figure', () => {
  it('has never more points than asked, nor than 2000, and ends at the last step', () => {
    const rows = history(5000);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 4, max: 4000 }), (n, maxPoints) => {
        const list = traces(liveLossFigure(rows.slice(0, n), { maxPoints }));
        for (const t of list) expect(t.x.length).toBeLessThanOrEqual(Math.min(2000, maxPoints));
        expect(named(list, 'clean loss').x.at(-1)).toBe(n - 1);
      }),
      { numRuns: 30 },
    );
  });
});

describe('thinned', () => {
  it('keeps order, ends, lowest and highest value', () => {
    const values = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), {
      minLength: 1,
      maxLength: 300,
    });
    fc.assert(
      fc.property(values, fc.integer({ min: 4, max: 100 }), (list, limit) => {
        const kept = thinned(list, limit);
        expect(kept.length).toBeLessThanOrEqual(limit);
        expect(kept).toEqual([...new Set(kept)].sort((a, b) => a - b));
        expect([kept[0], kept.at(-1)]).toEqual([0, list.length - 1]);
        const shown = kept.map((i) => list[i]!);
        expect(Math.min(...shown)).toBe(Math.min(...list));
        expect(Math.max(...shown)).toBe(Math.max(...list));
      }),
    );
  });

  it('passes over values that are not finite', () => {
    const list = Array.from({ length: 100 }, (_, i) => (i === 51 ? 7 : NaN));
    expect(thinned(list, 8)).toContain(51);
  });
});

describe('history in words', () => {
  it('has every field of every row in its table', () => {
    const rows = history(5);
    expect(historyTable(rows).objects()).toEqual(rows);
    expect(historyTable([]).numRows()).toBe(0);
  });

  it('says losses, skipped updates and what it took', () => {
    const text = historyText(history(100));
    expect(text).toMatch(
      /^steps 0 to 99 · clean loss [\d.]+ → [\d.]+ · perturbed .* · 2 skipped \(last: the perturbed/,
    );
    expect(text).toContain(
      '100 steps in 25 s (0.25 s a step) · since the start 200 forward passes, 1.23T FLOPs',
    );
    expect(historyText([])).toBe('No steps yet.');
  });
});
