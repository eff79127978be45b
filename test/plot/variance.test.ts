import { describe, expect, it } from 'vitest';
import { colours, varianceFigure, varianceTable, varianceText } from '../../src/plot/index.ts';
import { varianceReport } from './results.ts';
import { five, layout, traces } from './traces.ts';

const named = (report: ReturnType<typeof varianceReport>, name: string) =>
  traces(varianceFigure(report)).find((t) => t.name === name)!;

describe('variance figure', () => {
  const report = varianceReport();

  it('draws measurements with error bars, and laws dashed in the neutral colour', () => {
    const measured = named(report, 'measured (± 1 standard error)');
    expect(measured.x).toEqual([1, 2, 4, 8]);
    expect(measured.y).toEqual(report.rows.map((r) => five(r.secondMoment.mean)));
    expect(measured.error_y!.array).toEqual(report.rows.map((r) => five(r.secondMoment.standardError)));
    expect(measured.marker!.color).toBe(colours.ZO);
    for (const name of ['law', 'law of the cosine', 'equal']) {
      expect(named(report, name).line).toMatchObject({ color: colours.law, dash: 'dash' });
    }
    expect(named(report, 'rms cosine').y).toEqual(report.rows.map((r) => five(r.rmsCosine)));
    expect(named(report, 'law of the cosine').y).toEqual(report.rows.map((r) => five(r.rmsCosineLaw)));
  });

  it('draws the law with curvature only where it differs', () => {
    expect(named(varianceReport({ curvature: 0.001 }), 'law with curvature')).toBeUndefined();
    const curved = varianceReport({ curvature: 0.1 });
    expect(named(curved, 'law with curvature').y).toEqual(curved.rows.map((r) => five(r.lawWithCurvature)));
  });

  it('shows every tensor against its law and every draw against the derivative', () => {
    const tensors = named(report, 'tensors');
    expect(tensors.y).toEqual(report.tensors.map((t) => five(t.secondMoment.mean)));
    const same = (x: number) => (Number.isInteger(x) ? x : five(x));
    expect(tensors.x).toEqual(report.tensors.map((t) => same(t.law)));
    const draws = named(report, 'draws');
    expect(draws.x).toEqual(report.coefficients.map((c) => five(c.exact)));
    expect(draws.y).toEqual(report.coefficients.map((c) => five(c.measured)));
  });

  it('shows what there is when there were too few draws for any q', () => {
    const spec = varianceFigure({ ...report, rows: [] });
    expect(layout(spec).title.text).toContain('too few draws');
  });
});

describe('variance in words', () => {
  it('says inside or outside, and by how many standard errors', () => {
    const inside = varianceReport();
    expect(varianceText(inside)).toContain('inside the law (within 4 standard errors)');
    for (const r of inside.rows) {
      const block = varianceText(inside).split(`\nq = ${r.q},`)[1]!.split('\nq =')[0]!;
      expect(block).toContain('second moment');
      expect(block).toContain(`${Math.abs(r.deviation).toFixed(1)} standard errors, inside`);
      expect(block.split('\n').filter((l) => l.includes('standard errors'))).toHaveLength(6);
    }
    const outside = varianceReport({ off: 9 });
    expect(varianceText(outside)).toContain('outside the law at q = 1, 2, 4, 8');
    expect(layout(varianceFigure(outside)).title.text).toContain('outside the law');
  });

  it('has a row for each q', () => {
    const report = varianceReport();
    const rows = varianceTable(report).objects() as Record<string, number>[];
    expect(rows.map((r) => r.q)).toEqual([1, 2, 4, 8]);
    expect(rows.map((r) => r.deviation)).toEqual(report.rows.map((r) => r.deviation));
  });
});
