import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimate } from '../../src/notebook/decimate.ts';
import { liveFigure } from '../../src/notebook/live.ts';
import { handClock, recordDisplays } from './recorder.ts';

const shown = recordDisplays();
const PLOTLY = 'application/vnd.plotly.v1+json';
const draw = () => Promise.resolve(Uint8Array.of(1));

describe('a live figure', () => {
  it('updates one entry, at most twice a second, and ends with a still', async () => {
    const clock = handClock();
    const live = liveFigure({ now: clock.now, draw, text: (spec) => `${spec.data.length} trace` });
    for (let i = 0; i < 100; i++, clock.move(100)) live.update({ data: [{ y: [i] }] });
    const during = shown.length;
    expect(during).toBe(20);
    expect(shown.filter(({ options }) => options.update !== true)).toHaveLength(1);
    expect(new Set(shown.map(({ id }) => id)).size).toBe(1);
    await live.done();
    expect(shown.at(-1)?.data[PLOTLY]).toMatchObject({ data: [{ y: [99] }] });
    expect(shown.at(-1)?.data).toMatchObject({ 'image/png': 'AQ==', 'text/plain': '1 trace' });
    expect(new Set(shown.map(({ id }) => id)).size).toBe(1);
  });

  it('makes a state that is given as a function only when it is shown', async () => {
    const clock = handClock();
    const live = liveFigure({ now: clock.now, draw });
    let made = 0;
    const state = (y: number) => () => {
      made++;
      return { data: [{ y: [y] }] };
    };
    for (let i = 0; i < 100; i++, clock.move(100)) live.update(state(i));
    expect(made).toBe(20);
    await live.done();
    expect(made).toBe(21);
    expect(shown.at(-1)?.data[PLOTLY]).toMatchObject({ data: [{ y: [99] }] });
  });

  it('shows nothing when there was nothing', async () => {
    await liveFigure({ draw }).done();
    expect(shown).toEqual([]);
  });

  it('thins long traces', () => {
    const live = liveFigure({ maxPoints: 10, draw });
    live.update({ data: [{ y: Array.from({ length: 1000 }, (_, i) => i) }] });
    const spec = shown[0]?.data[PLOTLY] as { data: { y: number[]; x: number[] }[] };
    expect(spec.data[0]?.y).toHaveLength(8);
    expect(spec.data[0]?.x).toEqual(spec.data[0]?.y);
  });
});

describe('decimation', () => {
  it('keeps the lowest and the highest value, the order, and the limit', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 30 }), (y) => {
        const { y: kept } = decimate({ data: [{ y }] }, 20).data[0] as { y: number[] };
        expect(kept.length).toBeLessThanOrEqual(20);
        expect(Math.min(...kept)).toBe(Math.min(...y));
        expect(Math.max(...kept)).toBe(Math.max(...y));
      }),
    );
  });

  it('thins everything that runs along with y, and nothing else', () => {
    const n = 100;
    const series = Array.from({ length: n }, (_, i) => i);
    const trace = {
      x: series,
      y: Float32Array.from(series),
      text: series.map(String),
      marker: { color: series, size: 3 },
    };
    const [thin] = decimate({ data: [trace] }, 10).data as (typeof trace)[];
    expect(thin?.x).toEqual([...(thin?.y ?? [])]);
    expect(thin?.text).toEqual(thin?.x.map(String));
    expect(thin?.marker).toEqual({ color: thin?.x, size: 3 });
    expect(decimate({ data: [trace] }, n).data[0]).toBe(trace);
  });

  it('passes over values that are not numbers', () => {
    const { y } = decimate({ data: [{ y: [0, 3, null, 1, NaN, NaN, 2] }] }, 4).data[0] as { y: unknown[] };
    expect(y).toEqual([0, 3, 2]);
  });
});
