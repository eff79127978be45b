import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PLOTLY_MIME } from '../../src/notebook/figure.ts';
import { WIDGET_VIEW_MIME } from '../../src/notebook/index.ts';
import type { MimeBundle } from '../../src/notebook/kernel-api.ts';
import { NO_ANYWIDGET, VIEW_CLASS } from '../../src/panel/entry.ts';
import { Panel } from '../../src/panel/panel.ts';
import { freshPage } from '../notebook/page.ts';
import { FakeHost } from './fake-host.ts';
import { page as source, shownPanel, View } from './views.ts';

let drawn = 0;
vi.mock('../../src/plot/still/render.ts', () => ({
  renderPng: () => Promise.resolve(new Uint8Array([++drawn])),
}));

const page = freshPage();
let host: FakeHost;
beforeEach(async () => {
  vi.useFakeTimers();
  drawn = 0;
  host = new FakeHost();
  await host.repartition({ rho: 0.5 });
});
afterEach(async () => {
  await vi.advanceTimersByTimeAsync(0); // stills that are being drawn
  vi.useRealTimers();
});

/** What stands in the cell, top to bottom. */
function outputs(): MimeBundle[] {
  const places = new Map<string, MimeBundle>();
  for (const { data, options } of page().shown) places.set(options.id!, data);
  return [...places.values()];
}
const kinds = () => outputs().map((data) => Object.keys(data).sort());

describe('the output of a panel', () => {
  it('is a view, and under it a still that a page with views hides', async () => {
    const { view } = shownPanel(page(), host);
    expect(page().shown[0]!.data).toMatchObject({ [WIDGET_VIEW_MIME]: { model_id: view.id } });
    expect(page().shown[0]!.data['text/plain']).toContain('pip install anywidget');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(kinds()).toEqual([
      [WIDGET_VIEW_MIME, 'text/plain'],
      ['image/png', 'text/plain'],
    ]);
    const { state } = page().sent[0]!.data as { state: { _css: string; _dom_classes: string[] } };
    expect(state._dom_classes).toEqual([VIEW_CLASS]);
    expect(state._css).toMatch(/^\.x \{\}\n.*:has\(\.hi-zfo-panel-view\) \+ .*display: none/);
  });

  it('becomes a figure that says what to install where no view announces itself', async () => {
    new Panel(host, () => source).show();
    await vi.advanceTimersByTimeAsync(4900);
    expect(drawn).toBe(1);
    await vi.advanceTimersByTimeAsync(200);
    const [, still] = outputs();
    expect(Object.keys(still!).sort()).toEqual([PLOTLY_MIME, 'image/png', 'text/plain'].sort());
    expect(JSON.stringify(still![PLOTLY_MIME])).toContain(NO_ANYWIDGET);
    expect(still!['text/plain']).toSatisfy((text: string) => text.startsWith(NO_ANYWIDGET));
    host.emit('settings', host.settings);
    await vi.advanceTimersByTimeAsync(2000);
    expect(outputs()[1]!['text/plain']).toContain(NO_ANYWIDGET);
    // a page that was only slow
    new View(page(), page().sent[0]!.id).ask({ do: 'curves' });
    await vi.advanceTimersByTimeAsync(2000);
    expect(outputs()[1]!['text/plain']).not.toContain(NO_ANYWIDGET);
    expect(kinds()[1]).toEqual(['image/png', 'text/plain']);
  });

  it('keeps its view untouched and renews its still when things have come to rest', async () => {
    const { view } = shownPanel(page(), host);
    await vi.advanceTimersByTimeAsync(3000);
    expect(drawn).toBe(1);
    view.ask({ do: 'run', steps: null });
    for (let i = 0; i < 50; i++) {
      host.endStep();
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(drawn).toBe(1);
    view.ask({ do: 'pause' });
    await vi.advanceTimersByTimeAsync(2000);
    expect(drawn).toBe(2);
    expect(outputs()[1]!['text/plain']).toContain('steps 0 to 49');
    for (let i = 1; i < 6; i++) {
      view.ask({ do: 'set', settings: { alpha: i / 10 } });
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(drawn).toBe(2);
    await vi.advanceTimersByTimeAsync(2000);
    expect(drawn).toBe(3);
    expect(outputs()[1]!['text/plain']).toContain('alpha 0.5');
    const views = page().shown.filter(({ data }) => WIDGET_VIEW_MIME in data);
    expect(views).toHaveLength(1);
    expect(page().shown[1]!.options).toEqual({ id: page().shown.at(-1)!.options.id });
    expect(page().shown.at(-1)!.options.update).toBe(true);
  });

  it('is a plain figure after the session was closed', async () => {
    shownPanel(page(), host);
    await vi.advanceTimersByTimeAsync(100);
    host.emit('closed');
    await vi.advanceTimersByTimeAsync(100);
    expect(kinds()).toEqual([['text/plain'], [PLOTLY_MIME, 'image/png', 'text/plain'].sort()]);
    expect(outputs()[0]!['text/plain']).toBe(`Live panel of ${host.title} (closed)`);
    const count = page().shown.length;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(page().shown).toHaveLength(count);
  });

  it('is shown anew at the end in a page that has reloaded, where updates do not arrive', async () => {
    shownPanel(page(), host);
    page().reload();
    await vi.advanceTimersByTimeAsync(100);
    host.emit('closed');
    await vi.advanceTimersByTimeAsync(100);
    expect(kinds().slice(2)).toEqual([[PLOTLY_MIME, 'image/png', 'text/plain'].sort()]);
  });

  it('shown twice is twice the same', () => {
    const { panel } = shownPanel(page(), host);
    panel.show();
    const ids = page()
      .shown.filter(({ options }) => !options.update)
      .map(({ options }) => options.id);
    expect(ids.slice(2)).toEqual(ids.slice(0, 2));
  });
});
