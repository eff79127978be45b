import { describe, expect, it } from 'vitest';
import {
  colours,
  curvatureText,
  lineFigure,
  lineTable,
  lineText,
  planeFigure,
  planeTable,
  planeText,
  routesFigure,
  routesTable,
  routesText,
  splitFigure,
  splitTable,
  splitText,
  sweepFigure,
  sweepTable,
  sweepText,
} from '../../src/plot/index.ts';
import { curvature, errorSplit, lossLines, lossPlane, routesSweep, sweep } from './results.ts';
import { five, layout, traces } from './traces.ts';

describe('sweep', () => {
  it('draws every quantity against the axis, the law dashed beside it', () => {
    const report = sweep();
    const data = traces(sweepFigure(report));
    const [law, measured] = [data[0]!, data[1]!];
    expect(law.line).toMatchObject({ color: colours.law, dash: 'dash' });
    expect(law.y).toEqual(report.points.map((p) => five(p.report.rows[0]!.varianceLaw)));
    expect(measured.x).toEqual([1e-4, 1e-3, 3e-3, 1e-2]);
    expect(measured.y).toEqual(report.points.map((p) => five(p.report.rows[0]!.variance.mean)));
    expect(measured.error_y!.array).toEqual(
      report.points.map((p) => five(p.report.rows[0]!.variance.standardError)),
    );
    expect(data.at(-1)!.y).toEqual([0.5, null, 2.5, 3.5]); // no ratio where there was no signal
    expect(layout(sweepFigure(report)).xaxis.ticktext).toHaveLength(4);
  });

  it('says inside or outside at each value, and what was the same', () => {
    const text = sweepText(sweep());
    expect(text).toMatch(
      /0\.0001: variance .* standard errors, inside; K 0\.02 ± 0\.004, mini-batch noise 0\.5 ± 0\.2/,
    );
    expect(text).toContain('0.001: ');
    expect(text).toContain('so large that no signal shows above it');
    expect(text.split('\n')[0]).toContain('one-sided · gaussian');
    expect(sweepTable(sweep()).numRows()).toBe(4);
  });
});

describe('routes', () => {
  const series = {
    before: routesSweep(['label word', 'text']),
    after: routesSweep(['label word', 'text'], true),
  };

  it('draws every route over the same places, the law dashed, and leaves out what has no meaning', () => {
    const spec = routesFigure(series, { title: 'A finding' });
    const data = traces(spec);
    expect(data).toHaveLength(5 * 2 + 1); // five panels of two series, one law
    expect(data[2]!.line).toMatchObject({ color: colours.law, dash: 'dash' });
    expect(data[2]!.y).toEqual([1001, 1001]);
    expect(data[0]!.x).toEqual([-0.2, 0.8]);
    expect(data[0]!.error_y!.array).toEqual([50, 50]);
    expect(data.at(-2)!.y).toEqual([12, 24]);
    expect(data.at(-1)!.y).toEqual([]); // no steps after
    expect(layout(spec).xaxis.ticktext).toEqual(['label word', 'text']);
    expect(layout(spec).title.text).toContain('A finding');
  });

  it('says in words what hides, and keeps the figures in a table', () => {
    const text = routesText(series);
    expect(text).toContain('before, text: loss 2, direction noise 0.999 ± 0.05 of its law');
    expect(text).toContain('steps for 1% 24 ± 3');
    expect(text).toContain('the loss bends down');
    expect(routesTable(series).numRows()).toBe(4);
  });
});

describe('split', () => {
  it('shows sources beside what was measured, and by how many standard errors they differ', () => {
    const [sources, measured] = traces(splitFigure(errorSplit()));
    expect(sources!.y).toEqual(['directions', 'curvature', 'rounding']);
    expect(measured!.x).toEqual([600000]);
    expect(splitText(errorSplit())).toContain('0.97 standard errors above');
    expect(splitTable(errorSplit()).numRows()).toBe(4);
  });
});

describe('curvature', () => {
  it('gives the effective rank, unless the loss bends down', () => {
    expect(curvatureText(curvature())).toContain('Effective rank tr H / λmax 26.1 ± 2');
    expect(curvatureText(curvature(-3))).toContain('says nothing here');
  });
});

describe('loss landscape', () => {
  it('has a panel for each line, smoothed dotted', () => {
    const data = traces(lineFigure(lossLines()));
    expect(data.map((t) => t.xaxis)).toEqual(['x', 'x', 'x2', 'x2']);
    expect(data[1]!.line!.dash).toBe('dot');
    expect(traces(lineFigure(lossLines(false)))).toHaveLength(2);
    expect(lineText(lossLines())).toContain(
      'Along u: loss 1 at the weights, lowest 1 at 0; smoothed with epsilon 0.02 it is 0.1 ± 0.01 above',
    );
    expect(lineTable(lossLines()).numRows()).toBe(10);
  });

  it('has contours, the smoothed loss beside them and the path on both', () => {
    const data = traces(planeFigure(lossPlane()));
    expect(data.map((t) => t.type)).toEqual([
      'contour',
      'scatter',
      'scatter',
      'contour',
      'scatter',
      'scatter',
    ]);
    expect(data[1]!.x).toEqual([1, 0]);
    expect(traces(planeFigure(lossPlane(false))).map((t) => t.type)).toEqual(['contour']);
    expect(planeText(lossPlane())).toContain('path of 2 points, 88.9% of its squared distance');
    expect(planeTable(lossPlane()).objects()[1]).toMatchObject({ x: 0, y: -2, loss: 5 });
  });
});
