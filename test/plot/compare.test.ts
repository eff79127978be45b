import { describe, expect, it } from 'vitest';
import { colours, compareFigure, compareTable, type ComparedRun } from '../../src/plot/index.ts';
import { interpolate, meanCurve } from '../../src/plot/align.ts';
import { methods, movingAverage } from '../../src/train/index.ts';
import { history } from './results.ts';
import { five, layout, traces } from './traces.ts';

const runs = (['hi-zfo', 'full', 'zo', 'frozen'] as const).flatMap((name, i) =>
  [1, 2, 3].map((seed): ComparedRun => ({
    title: methods[name].title,
    seed,
    rows: history(60, 10 * i + seed),
    score: 0.1 * i + 0.01 * seed,
  })),
);
const averaged = (run: ComparedRun) => movingAverage(run.rows.map((r) => r.loss));
const mean = (xs: number[]) => xs.reduce((s, x) => s + x, 0) / xs.length;

describe('compare figure', () => {
  const list = traces(compareFigure(runs));

  it('draws a line and a band a method, the mean over seeds', () => {
    expect(list).toHaveLength(8);
    const full = list.find((t) => t.name === 'Full fine-tuning')!;
    const seeds = runs.slice(3, 6).map(averaged);
    expect(full.x).toEqual(Array.from({ length: 60 }, (_, i) => i));
    expect(full.y[30]).toBe(five(mean(seeds.map((s) => s[30]!))));
    const band = list.find((t) => t.name === 'Full fine-tuning, spread')!;
    expect(band.x).toHaveLength(120);
    expect((band.y[30]! + band.y[119 - 30]!) / 2).toBeCloseTo(full.y[30]!, 3);
  });

  it('gives FO, ZO and frozen their colours and every method its own', () => {
    const colour = (name: string) => list.find((t) => t.name === name)!.line!.color;
    expect(colour(methods.full.title)).toBe(colours.FO);
    expect(colour(methods.zo.title)).toBe(colours.ZO);
    expect(colour(methods.frozen.title)).toBe(colours.frozen);
    const all = Object.values(methods).map((m): ComparedRun => ({
      title: m.title,
      seed: 1,
      rows: history(5),
    }));
    const lines = traces(compareFigure(all)).map((t) => t.line!);
    expect(new Set(lines.map((l) => l.color)).size).toBe(all.length);
    expect(new Set(lines.map((l) => l.dash)).size).toBe(all.length);
  });

  it('has no band for one seed and tells the axis', () => {
    const spec = compareFigure(runs.slice(0, 1), { x: 'flops' });
    expect(traces(spec)).toHaveLength(1);
    expect(layout(spec).xaxis.title.text).toBe('FLOPs');
  });
});

describe('compare table', () => {
  it('has mean and spread of loss and score a method', () => {
    const rows = compareTable(runs).objects() as Record<string, number | string>[];
    expect(rows.map((r) => r.method)).toEqual(['hi-zfo', 'full', 'zo', 'frozen'].map((n) => methods[n as 'zo'].title)); // prettier-ignore
    expect(rows[1]!.loss).toBeCloseTo(mean(runs.slice(3, 6).map((r) => averaged(r).at(-1)!)), 12);
    expect(rows[1]!.score).toBeCloseTo(0.12, 12);
    expect(rows[1]!.scoreSpread).toBeCloseTo(0.01, 12);
    expect(rows[0]).toMatchObject({ seeds: 3, steps: 60, forwardPasses: 120, seconds: 15 });
  });
});

describe('curves', () => {
  it('interpolate between points and not beyond', () => {
    const curve = { x: [0, 2, 4], y: [0, 10, 0] };
    expect([-1, 0, 1, 2, 3, 4, 5].map((x) => interpolate(curve, x))).toEqual([NaN, 0, 5, 10, 5, 0, NaN]);
  });

  it('are averaged where all of them are', () => {
    const points = meanCurve([{ x: [0, 4], y: [0, 4] }, { x: [2, 6], y: [4, 4] }], 10); // prettier-ignore
    expect(points.map((p) => p.x)).toEqual([2, 4]);
    expect(points.map((p) => p.mean)).toEqual([3, 4]);
    expect(meanCurve([{ x: [0], y: [1] }, { x: [5], y: [1] }], 10)).toEqual([]); // prettier-ignore
  });
});
