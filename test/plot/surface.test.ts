import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { flatten } from '../../src/plot/still/flatten.ts';
import { surfaceFigure } from '../../src/plot/surface.ts';
import { forScreen } from '../../src/plot/webgl.ts';

const axes = { x: 'along <u>', y: 'across', z: 'loss' };
const grid = { x: [-1, 0, 1], y: [0, 1], z: [[3, 2, 3], [2, NaN, 5]] }; // prettier-ignore
const path = [{ x: -1, y: 0, z: 3 }, { x: 0, y: 0, z: 2, label: 'step 7' }]; // prettier-ignore

describe('a surface', () => {
  it('has a row of z for each y, and holes where values are not finite', () => {
    const { data, layout } = surfaceFigure(grid, { title: 'Loss', axes });
    expect(data).toHaveLength(1);
    expect(data[0]).toMatchObject({ type: 'surface', x: grid.x, y: grid.y, z: [[3, 2, 3], [2, null, 5]] }); // prettier-ignore
    expect(layout.scene).toMatchObject({
      xaxis: { title: { text: 'along &lt;u&gt;' } },
      yaxis: { title: { text: 'across' } },
    });
    expect(layout.showlegend).toBe(false);
  });

  it('has its path just above it, and says where it leads', () => {
    const { data } = surfaceFigure(grid, { title: 'Loss', axes, path, pathName: 'run' });
    const [, line, ends] = data;
    expect(line).toMatchObject({
      type: 'scatter3d',
      name: 'run, from 3 to 2',
      customdata: ['0<br>loss 3', 'step 7<br>loss 2'],
    });
    // A hundredth of the height, 5 - 2.
    expect(line!.z).toEqual([3.03, 2.03]);
    expect(ends).toMatchObject({ mode: 'markers', x: [-1, 0], showlegend: false });
  });

  it('of one point of a path has no ends', () => {
    expect(surfaceFigure(grid, { title: 'Loss', path: path.slice(0, 1) }).data).toHaveLength(2);
  });

  it.each([
    [{ x: [0, 1], y: [0, 1], z: [[1, 2]] }, /z has 1 rows/],
    [{ x: [0, 1], y: [0, 1], z: [[1, 2], [3]] }, /one of them of 1/],
    [{ x: [0], y: [0, 1], z: [[1], [2]] }, /at least 2 x 2/],
  ])('refuses the grid %j', (bad, message) => {
    expect(() => surfaceFigure(bad, { title: '' })).toThrow(ConfigError);
    expect(() => surfaceFigure(bad, { title: '' })).toThrow(message);
  });

  it('as a still is a map with the path on it, and says so', () => {
    const { data, layout } = flatten(surfaceFigure(grid, { title: 'Loss', axes, path }));
    expect(data.map((trace) => (trace as { type: string }).type)).toEqual(['contour', 'scatter', 'scatter']);
    expect(data[1]).toMatchObject({ mode: 'lines', line: { color: '#D55E00', width: 3 } });
    expect(data[1]).not.toHaveProperty('z');
    expect(layout).toMatchObject({
      xaxis: { title: { text: 'along &lt;u&gt;' } },
      yaxis: { title: { text: 'across' } },
    });
    expect(JSON.stringify(layout.annotations)).toContain('seen from above');
  });
});

describe('a figure for the screen', () => {
  const trace = (points: number, more: object = {}) => ({
    type: 'scatter',
    mode: 'markers',
    y: new Array(points).fill(1),
    ...more,
  });
  const typeOf = (given: object) => (forScreen({ data: [given] }).data[0] as { type?: string }).type;

  it('draws many points by WebGL and leaves the rest', () => {
    expect(typeOf(trace(2999))).toBe('scatter');
    expect(typeOf(trace(3000))).toBe('scattergl');
    expect(typeOf(trace(3000, { type: undefined, mode: undefined }))).toBeUndefined();
    expect(typeOf(trace(3000, { mode: 'lines' }))).toBe('scatter');
    expect(typeOf(trace(20_000, { mode: 'lines' }))).toBe('scattergl');
    expect(typeOf(trace(5000, { fill: 'tozeroy' }))).toBe('scatter');
    expect(typeOf(trace(5000, { mode: 'markers+text' }))).toBe('scatter');
    expect(typeOf(trace(5000, { type: 'bar' }))).toBe('bar');
    expect(forScreen({ data: [null, 3] }).data).toEqual([null, 3]);
  });

  it('changes nothing of what it was given', () => {
    const given = trace(4000);
    forScreen({ data: [given] });
    expect(given.type).toBe('scatter');
  });
});
