import { describe, expect, it } from 'vitest';
import { plainFigure } from '../../src/plot/index.ts';
import { layout } from './traces.ts';

const line = { x: [1, 2], y: [3, 4] };

describe('plainFigure', () => {
  it('names title and axes, and takes what plotly knows of an axis', () => {
    const spec = plainFigure([line], { title: 'a < b', x: { title: 'epsilon', type: 'log' }, y: 'loss' });
    const { title, xaxis, yaxis } = layout(spec);
    expect(title.text).toContain('a &lt; b');
    expect(xaxis).toMatchObject({ title: { text: 'epsilon' }, type: 'log' });
    expect(yaxis).toMatchObject({ title: { text: 'loss' } });
  });

  it('has a legend where there is something to tell apart', () => {
    const named = (...names: string[]) => names.map((name) => ({ ...line, name }));
    const shows = (traces: object[]) =>
      layout(plainFigure(traces, { title: 't', x: 'x', y: 'y' }))['showlegend'];
    expect(shows([line])).toBe(false);
    expect(shows(named('one'))).toBe(false);
    expect(shows(named('one', 'two'))).toBe(true);
  });

  it('lets the last word to a layout that is given, and leaves the traces alone', () => {
    const traces = Object.freeze([Object.freeze(line)]);
    const spec = plainFigure(traces, { title: 't', x: 'x', y: 'y', layout: { hovermode: 'x' } });
    expect(layout(spec)['hovermode']).toBe('x');
    expect(spec.data).toEqual(traces);
  });
});
