import { describe, expect, it, vi } from 'vitest';
import { PLOTLY_MIME } from '../../src/notebook/figure.ts';
import { settled } from '../../src/notebook/index.ts';
import { Panel } from '../../src/panel/panel.ts';
import { panelFigure, panelText } from '../../src/panel/still.ts';
import { recordDisplays } from '../notebook/recorder.ts';
import { FakeHost } from './fake-host.ts';

vi.mock('../../src/plot/still/render.ts', () => ({ renderPng: () => Promise.resolve(new Uint8Array([1])) }));

const shown = recordDisplays();

interface Traces {
  data: { name: string; xaxis?: string; x: number[] }[];
  layout: Record<string, { domain?: number[]; text?: string }>;
}
const figure = (host: FakeHost) => panelFigure(host) as unknown as Traces;

describe('the still of a panel', () => {
  it('has the map over the losses, and the settings in a line', async () => {
    const host = new FakeHost();
    await host.repartition({ rho: 0.5 });
    void host.start();
    host.makeSteps(60);
    const { data, layout } = figure(host);
    const below = data.filter((trace) => trace.xaxis === 'x2');
    expect(below.map((trace) => trace.name)).toEqual(
      expect.arrayContaining(['clean loss', 'update skipped']),
    );
    expect(data.length).toBeGreaterThan(below.length);
    expect(layout.yaxis!.domain![0]).toBeGreaterThan(layout.yaxis2!.domain![1]!);
    expect(layout.title!.text).toContain('rho 0.5 · alpha 0.1 · epsilon 0.001');
    const text = panelText(host);
    for (const part of [host.title, 'FO / ZO partition at rho 0.5', 'steps 0 to 59'])
      expect(text).toContain(part);
  });

  it('is thinned, and has what there is', () => {
    const host = new FakeHost();
    expect(figure(host)).toMatchObject({ data: [], layout: {} });
    expect(panelText(host)).toContain('No steps yet');
    void host.start();
    host.makeSteps(3000);
    const { data, layout } = figure(host);
    expect(Math.max(...data.map((trace) => trace.x.length))).toBeLessThanOrEqual(1000);
    expect(layout.yaxis2!.domain).toEqual([0, 1]);
    expect(layout.yaxis).toBeUndefined();
  });

  it('is what a panel shows without the kernel, with a line that says what is missing', async () => {
    const said = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const host = new FakeHost();
    await host.repartition({ rho: 0.5 });
    const panel = new Panel(host);
    panel.show();
    await settled();
    expect(shown.at(-1)!.data).toMatchObject({ [PLOTLY_MIME]: {}, 'image/png': 'AQ==' });
    expect(shown.at(-1)!.data['text/plain']).toBe(panel.still().toString());
    expect(said).toHaveBeenCalledWith(expect.stringMatching(/needs the kernel.*npm start/));
    expect(String(panel)).toBe('Live panel of Hi-ZFO on fake, task label, seed 1');
    said.mockRestore();
  });
});
