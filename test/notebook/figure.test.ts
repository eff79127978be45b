import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { settled } from '../../src/notebook/display.ts';
import { Figure } from '../../src/notebook/figure.ts';
import { JUPYTER_DISPLAY, SELF_DISPLAY } from '../../src/notebook/kernel-api.ts';
import { recordDisplays } from './recorder.ts';

const shown = recordDisplays();
const PNG = Uint8Array.of(137, 80, 78, 71);
const PLOTLY = 'application/vnd.plotly.v1+json';

function figure(draw = (): Promise<Uint8Array> => Promise.resolve(PNG)): Figure {
  return new Figure(
    [{ y: Float32Array.of(0.1, NaN), x: [1, 2] }],
    { title: { text: 't' } },
    'two points',
    draw,
  );
}

describe('a figure', () => {
  it('is plain data that survives JSON', () => {
    const spec = { data: [{ y: [0.1, null], x: [1, 2] }], layout: { title: { text: 't' } } };
    expect(figure().spec()).toEqual(spec);
    expect(JSON.parse(JSON.stringify(figure().spec()))).toEqual(spec);
  });

  it('is shown at once and gets its still in the same entry', async () => {
    let drawn: (png: Uint8Array) => void = () => undefined;
    figure(() => new Promise<Uint8Array>((resolve) => (drawn = resolve))).show();
    expect(shown).toHaveLength(1);
    expect(Object.keys(shown[0]?.data ?? {})).toEqual([PLOTLY, 'text/plain']);
    drawn(PNG);
    await settled();
    expect(shown).toHaveLength(2);
    expect(shown[1]).toMatchObject({ id: shown[0]?.id, options: { update: true } });
    expect(shown[1]?.data).toMatchObject({ 'image/png': 'iVBORw==', 'text/plain': 'two points' });
    expect(shown[1]?.data[PLOTLY]).toEqual(shown[0]?.data[PLOTLY]);
  });

  it('as a last expression does the same', async () => {
    figure()[SELF_DISPLAY]();
    await settled();
    expect(shown.map(({ data }) => 'image/png' in data)).toEqual([false, true]);
  });

  it('has a whole bundle for other kernels and a line of text for terminals', async () => {
    expect(Object.keys(await figure()[JUPYTER_DISPLAY]())).toEqual([PLOTLY, 'text/plain', 'image/png']);
    expect(String(figure())).toBe('two points');
    expect(inspect(figure())).toBe('two points');
  });

  it('draws its still once', async () => {
    const draw = vi.fn(() => Promise.resolve(PNG));
    const once = figure(draw);
    once.show();
    once.show();
    await settled();
    expect(draw).toHaveBeenCalledTimes(1);
  });

  it('of many points is drawn by WebGL on the screen, and its still is not', async () => {
    const draw = vi.fn<(spec: object) => Promise<Uint8Array>>(() => Promise.resolve(PNG));
    new Figure([{ mode: 'markers', y: new Float32Array(5000) }], {}, 'many', draw).show();
    await settled();
    expect((shown[0]?.data[PLOTLY] as { data: object[] }).data[0]).toMatchObject({ type: 'scattergl' });
    expect((draw.mock.calls[0]![0] as { data: object[] }).data[0]).not.toHaveProperty('type');
  });

  it('says why it has no still, and stays as it is', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    figure(() => Promise.reject(new Error('no fonts'))).show();
    await settled();
    expect(shown).toHaveLength(1);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('no fonts'));
    warn.mockRestore();
  });
});
