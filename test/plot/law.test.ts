import { describe, expect, it } from 'vitest';
import {
  arrowFigure,
  colours,
  descentFigure,
  descentTable,
  descentText,
  lawFigure,
} from '../../src/plot/index.ts';
import { descent } from './results.ts';
import { five, layout, traces } from './traces.ts';

describe('measurements beside their law', () => {
  const options = { title: 'Halves', x: 'd', y: 'cosine', log: 'xy' } as const;
  const y = [
    { mean: 0.25, standardError: 0.01 },
    { mean: 0.08, standardError: 0.004 },
  ];

  it('draws the law dashed over the whole range, and error bars', () => {
    const spec = lawFigure([{ x: [10, 100], y, law: (d) => 1 / Math.sqrt(d) }], options);
    const [law, points] = traces(spec);
    expect(law!.line).toMatchObject({ color: colours.law, dash: 'dash' });
    expect([law!.x[0], law!.x.at(-1)]).toEqual([10, 100]);
    expect(law!.x[60]).toBe(five(Math.sqrt(1000))); // even on a logarithmic axis
    expect(law!.y[0]).toBe(five(1 / Math.sqrt(10)));
    expect(points!.error_y!.array).toEqual([0.01, 0.004]);
    expect(layout(spec).title.text).toContain('bars ± 1 standard error');
    expect(layout(spec).xaxis.ticktext).toEqual(['10', '100']);
  });

  it('takes a law at each point, plain numbers, and names the laws once', () => {
    const series = [
      { name: 'one', x: [1, 2], y: [1, 2], law: [1, 2] },
      { name: 'two', x: [1, 2], y: [3, 4], law: [3, 4], as: 'line' as const },
    ];
    const data = traces(lawFigure(series, { title: 't', x: 'a', y: 'b' }));
    expect(data.map((t) => [t.name, t.showlegend !== false])).toEqual([
      ['laws', true],
      ['laws', false],
      ['one', true],
      ['two', true],
    ]);
    expect(data[2]!.error_y).toBeUndefined();
    expect(data[2]!.marker!.color).not.toBe(data[3]!.marker!.color);
  });
});

describe('arrows on contours', () => {
  it('leaves gaps between arrows and keeps right angles', () => {
    const spec = arrowFigure(
      (x, y) => x * x + y,
      [
        { name: 'g', arrows: [[[0, 0], [1, 2]], [[0, 0], [3, 4]]], colour: 'FO' },
        { name: 'way', path: [[0, 0], [1, 1], [2, 1]] },
      ],
      { title: 'Uphill', x: [-2, 2], y: [-1, 1] },
    ); // prettier-ignore
    const [contour, arrows, path] = traces(spec);
    const { z } = contour as unknown as { z: number[][] };
    expect(z[0]![0]).toBe(4 - 1);
    expect(arrows!.x).toEqual([0, 1, null, 0, 3, null]);
    expect(arrows!.marker).toMatchObject({ symbol: 'arrow', size: [0, 12.5, 0, 0, 12.5, 0] });
    expect(path!.y).toEqual([0, 1, 1]);
    expect((layout(spec).yaxis as { scaleanchor?: string }).scaleanchor).toBe('x');
  });
});

describe('one step', () => {
  it('says how many times shorter a ZO step is', () => {
    const spec = descentFigure(descent());
    expect(layout(spec).title.text).toContain('6 times shorter, not 1M times');
    const [ZO, FO] = traces(spec);
    expect(Math.min(...(ZO!.y as number[]))).toBeCloseTo(-0.1, 3);
    expect(Math.min(...(FO!.y as number[]))).toBeCloseTo(-0.6, 3);
    expect(descentTable(descent()).numRows()).toBe(6);
    expect(descentText(descent())).toContain('A ZO step of 0.05 changes the loss of 2 by -0.1 ± 0.02');
  });
});
