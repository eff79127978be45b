import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Partition } from '../../src/partition/index.ts';
import {
  arrowFigure,
  compareFigure,
  curvatureFigure,
  descentFigure,
  evaluationFigure,
  lineFigure,
  planeFigure,
  splitFigure,
  sweepFigure,
  historyFigure,
  lawFigure,
  liveLossFigure,
  partitionFigure,
  plainFigure,
  profileFigure,
  varianceFigure,
} from '../../src/plot/index.ts';
import { figureNumber, figureSpec } from '../../src/plot/spec.ts';
import {
  curvature,
  descent,
  errorSplit,
  evaluation,
  history,
  lossLines,
  lossPlane,
  parameters,
  profile,
  sweep,
  varianceReport,
} from './results.ts';
import { five, layout, leaves } from './traces.ts';

const figures = {
  'profile of 6 layers': () => profileFigure(profile(6)),
  'profile of one batch': () => profileFigure(profile(6, { batches: 1, tied: false })),
  'profile of 30 layers': () => profileFigure(profile(30)),
  partition: () => partitionFigure(Partition.solve(profile(30), { rho: 0.5 })),
  'partition without profile': () => partitionFigure(Partition.uniform(parameters(6), 'ZO')),
  history: () => historyFigure(history(100), { x: 'flops' }),
  'history of no step': () => historyFigure([]),
  live: () => liveLossFigure(history(50)),
  'live of no step': () => liveLossFigure([]),
  variance: () => varianceFigure(varianceReport({ curvature: 0.2 })),
  sweep: () => sweepFigure(sweep()),
  'sweep over names': () => sweepFigure(sweep(['gaussian', 'sphere'])),
  'sweep of nothing': () => sweepFigure({ axis: 'law', points: [] }),
  split: () => splitFigure(errorSplit()),
  curvature: () => curvatureFigure(curvature()),
  'loss on lines': () => lineFigure(lossLines()),
  'loss on a plane': () => planeFigure(lossPlane()),
  'loss on a plane, plain': () => planeFigure(lossPlane(false)),
  evaluation: () => evaluationFigure(evaluation()),
  law: () => lawFigure([{ x: [1, 2], y: [3, 4], law: (x) => x + 2 }], { title: 't', x: 'a', y: 'b' }),
  'law of nothing': () => lawFigure([], { title: 't', x: 'a', y: 'b', log: 'xy' }),
  arrows: () =>
    arrowFigure((x, y) => x * y, [{ name: 'g', arrows: [[[0, 0], [1, 1]]] }], { title: 't', x: [-2, 2], y: [-1, 1] }), // prettier-ignore
  'one step': () => descentFigure(descent()),
  compare: () => compareFigure([{ title: 'a', seed: 1, rows: history(30) }]),
  'your own': () => plainFigure([{ x: [1, NaN], y: [3, 1 / 3] }], { title: 'a < b', x: 'step', y: 'loss' }),
  'compare of nothing': () => compareFigure([]),
};

describe('every figure', () => {
  it.each(Object.entries(figures))(
    '%s is plain JSON, the same each time, on a transparent ground',
    (_, draw) => {
      const spec = draw();
      expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
      expect(draw()).toEqual(spec);
      for (const leaf of leaves(spec)) {
        if (typeof leaf === 'number') expect(figureNumber(leaf)).toBe(leaf);
        if (typeof leaf === 'string') expect(leaf).not.toMatch(/NaN|undefined|Infinity/);
        expect(leaf).not.toBeUndefined();
      }
      const { paper_bgcolor, plot_bgcolor, font, title } = layout(spec);
      expect([paper_bgcolor, plot_bgcolor]).toEqual(['rgba(0,0,0,0)', 'rgba(0,0,0,0)']);
      expect(font.size).toBeGreaterThanOrEqual(14);
      expect(title.text).not.toBe('');
    },
  );

  it('stays small: the largest of 30 layers is below 150 kB', () => {
    expect(JSON.stringify(figures['profile of 30 layers']()).length).toBeLessThan(150_000);
    expect(JSON.stringify(figures.partition()).length).toBeLessThan(150_000);
  });
});

describe('figureSpec', () => {
  it('rounds numbers, makes null of what is not finite and drops what is undefined', () => {
    const spec = figureSpec([{ y: [NaN, 1 / 3, -0, 123456, Infinity], gone: undefined }], { a: { b: NaN } });
    expect(spec).toEqual({ data: [{ y: [null, 0.33333, 0, 123456, null] }], layout: { a: { b: null } } });
    expect(Object.keys(spec.data[0]!)).toEqual(['y']);
  });

  it('writes the largest double as a number', () => {
    expect(figureNumber(Number.MAX_VALUE)).toBe(Number.MAX_VALUE);
    expect(figureNumber(Infinity)).toBeNull();
  });

  it('keeps five digits of any number', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e300, max: 1e300 }), (x) => {
        const written = JSON.parse(JSON.stringify(figureNumber(x))) as number | null;
        if (!Number.isFinite(x)) expect(written).toBeNull();
        else if (Number.isInteger(x) && Math.abs(x) < 1e9) expect(written).toBe(x === 0 ? 0 : x);
        else expect(written).toBe(five(x));
      }),
    );
  });
});
