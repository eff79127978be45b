import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { panelOf, Panel } from '../../src/panel/panel.ts';
import { Partition } from '../../src/partition/index.ts';
import { freshPage } from '../notebook/page.ts';
import { within } from '../plot/results.ts';
import { FakeHost } from './fake-host.ts';
import { page as source, shownPanel, View } from './views.ts';

vi.mock('../../src/plot/still/render.ts', () => ({
  renderPng: () => Promise.resolve(new Uint8Array([1, 2, 3])),
}));

const page = freshPage();
let host: FakeHost;
beforeEach(() => {
  vi.useFakeTimers();
  host = new FakeHost();
});
afterEach(async () => {
  await vi.advanceTimersByTimeAsync(0); // stills that are being drawn
  vi.useRealTimers();
});

const settle = (ms = 200) => vi.advanceTimersByTimeAsync(ms);

describe('the state of a panel', () => {
  it('says what the host is', async () => {
    const { view } = shownPanel(page(), host);
    expect(view.state()).toMatchObject({ run: 'idle', labels: '', budget: null, secondsPerStep: null });
    await host.repartition({ rho: 0.5 });
    await host.relabel([host.parameters[2]!.name], host.labels!.entries[2]!.label === 'FO' ? 'ZO' : 'FO');
    void host.start(40);
    host.makeSteps(30);
    host.addProbe();
    await settle();
    const state = view.state();
    expect(state).toMatchObject({
      title: host.title,
      method: 'hi-zfo',
      run: 'running',
      steps: 30,
      until: 40,
      probes: { every: 0, draws: 8, secondsEach: 2 },
      settings: { alpha: 0.1, epsilon: 1e-3, rateFO: 2e-5, rateZO: 2e-6, queries: 1 },
    });
    expect(state.secondsPerStep).toBeGreaterThan(0);
    expect(state.tensors).toHaveLength(host.parameters.length);
    expect(state.tensors[0]).toMatchObject({ role: 'embedding', layer: null });
    expect(state.tensors[1]).toMatchObject({
      layer: 0,
      importance: host.lastProfile!.entries[1]!.importance,
    });
    expect(state.labels).toBe(host.labels!.entries.map((e) => (e.label === 'FO' ? 'F' : 'Z')).join(''));
    expect(state.reasons[2]).toBe('h');
    expect(state.reasons).toMatch(/^[hconr]+$/);
    const { achieved, countFO } = host.labels!.summary();
    expect(state.budget).toMatchObject({ rho: 0.5, achieved, countFO, toFO: [], toZO: [] });
  });

  it('lists the last 200 events, long ones cut', async () => {
    for (let step = 0; step < 300; step++) host.events.push({ step, kind: 'edit', text: 'x'.repeat(1000) });
    const { view } = shownPanel(page(), host);
    const { events } = view.state();
    expect([events.length, events[0]!.step, events.at(-1)!.step]).toEqual([200, 100, 299]);
    expect(events[0]!.text).toHaveLength(300);
    await settle();
  });

  it('is sent at most 8 times a second, and the last one always', async () => {
    const { view } = shownPanel(page(), host);
    await settle();
    const before = view.states().length;
    void host.start();
    for (let ms = 0; ms < 2000; ms += 5) {
      host.endStep();
      await vi.advanceTimersByTimeAsync(5);
    }
    await settle();
    const states = view.states().slice(before);
    expect(states.length).toBeGreaterThan(12);
    expect(states.length).toBeLessThanOrEqual(18);
    expect(states.at(-1)!.steps).toBe(400);
    const revisions = view.states().map((state) => state.revision);
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
    expect(view.curves('rows').step).toEqual(host.rows.map((row) => row.step));
    await settle(1000);
    expect(view.states()).toHaveLength(before + states.length);
  });

  it('shows an edit as it lands, before the next step takes the event loop', async () => {
    const { view } = shownPanel(page(), host);
    void host.start();
    await settle();
    const id = view.ask({ do: 'set', settings: { alpha: 0.7 } });
    host.endStep();
    for (let turn = 0; turn < 20; turn++) await Promise.resolve(); // no timer fires here
    expect(view.state()).toMatchObject({ steps: 1, settings: { alpha: 0.7 }, pending: 0 });
    expect(view.answers().at(-1)!.id).toBe(id);
  });

  it('counts the edits that wait', async () => {
    await host.repartition({ rho: 0.5 });
    const { view } = shownPanel(page(), host);
    void host.start();
    view.ask({ do: 'label', tensors: [1], label: 'ZO' });
    view.ask({ do: 'set', settings: { alpha: 0 } });
    await settle();
    expect(view.state().pending).toBe(2);
    host.endStep();
    await settle();
    expect(view.state()).toMatchObject({ pending: 0, settings: { alpha: 0 } });
    expect(view.state().labels[1]).toBe('Z');
  });
});

describe('commands', () => {
  it('reach the host in order and are answered', async () => {
    await host.repartition({ rho: 0.5 });
    host.rewindable = { from: 0, to: 0 };
    const { view } = shownPanel(page(), host);
    host.calls.length = 0;
    const [a, b] = [host.parameters[3]!.name, host.parameters[5]!.name];
    view.ask({ do: 'run', steps: 7 });
    view.ask({ do: 'partition', rho: 0.4 });
    view.ask({ do: 'label', tensors: [3, 5, 3], label: 'FO' });
    view.ask({ do: 'label-glob', glob: 'layers.1.*', label: 'ZO' });
    view.ask({ do: 'set', settings: { rateZO: 1e-4, queries: 2 } });
    view.ask({ do: 'probe', every: 5, draws: 4 });
    view.ask({ do: 'profile' });
    view.ask({ do: 'rewind', step: 0 });
    view.ask({ do: 'step' });
    view.ask({ do: 'pause' });
    view.ask({ do: 'run', steps: null });
    await settle();
    expect(host.calls).toEqual([
      'start 7',
      'partition 0.4',
      `FO ${a},${b}`,
      'ZO layers.1.*',
      'set {"rateZO":0.0001,"queries":2}',
      'probe {"every":5,"draws":4}',
      'profile',
      'rewind 0',
      'step',
      'pause',
      'resume',
    ]);
    host.endStep();
    view.ask({ do: 'stop' });
    await settle();
    expect(view.answers().map(({ ok }) => ok)).toEqual(Array.from({ length: 13 }, () => true));
    expect(new Set(view.answers().map(({ id }) => id)).size).toBe(13);
  });

  it('that fail are answered with the words of the error', async () => {
    await host.repartition({ rho: 0.5 });
    const { view } = shownPanel(page(), host);
    host.failure = new ConfigError('not this one');
    expect(await view.answer({ do: 'partition', rho: 0.3 })).toMatchObject({
      ok: false,
      message: 'not this one',
    });
    expect(await view.answer({ do: 'rewind', step: 0 })).toMatchObject({
      ok: false,
      message: /no step to go/,
    });
    host.rewindable = { from: 2, to: 4 };
    expect(await view.answer({ do: 'rewind', step: 1 })).toMatchObject({ message: /from 2 to 4/ });
    expect(await view.answer({ do: 'label-glob', glob: 'nothing.*', label: 'FO' })).toMatchObject({
      ok: false,
      message: /No tensor matches 'nothing/,
    });
    expect(await view.answer({ do: 'run', steps: 5 })).toMatchObject({ ok: true });
    expect(await view.answer({ do: 'run', steps: 5 })).toMatchObject({
      ok: false,
      message: /A run is going on/,
    });
    expect(host.calls.filter((call) => call.startsWith('start'))).toEqual(['start 5']);
  });

  it('a budget beyond the reach of the profile is answered with what to do, and changes nothing', async () => {
    const { view } = shownPanel(page(), host);
    host.lastProfile = within(host.lastProfile!, 0.6);
    await host.repartition({ rho: 0.5 });
    host.emit('profile', host.lastProfile);
    await settle();
    const before = view.state();
    expect(before.tensors.map((t) => t.importance === null)).toEqual(
      host.lastProfile.entries.map((e) => !e.reached),
    );
    expect(before.budget).toMatchObject({ rho: 0.5, importanceKept: null });
    for (const ask of ['preview', 'partition'] as const) {
      const answer = await view.answer({ do: ask, rho: 0.9 });
      expect(answer).toMatchObject({
        ok: false,
        message: expect.stringContaining('Profile again') as string,
      });
    }
    expect(await view.answer({ do: 'preview', rho: 0.6 })).toMatchObject({ ok: true, budget: { rho: 0.6 } });
    await settle();
    expect(view.state().labels).toBe(before.labels);
  });

  it('preview answers while a step runs, with what would change, and changes nothing', async () => {
    await host.repartition({ rho: 0.3 });
    const { view } = shownPanel(page(), host);
    void host.start();
    const calls = host.calls.length;
    view.ask({ do: 'label', tensors: [1], label: 'ZO' }); // waits for the step
    const answer = await view.answer({ do: 'preview', rho: 0.8 });
    const next = Partition.solve(host.lastProfile!, { rho: 0.8 });
    const changed = next.entries.filter((e, i) => e.label !== host.labels!.entries[i]!.label);
    const { budget } = answer as { budget?: { toFO: number[]; toZO: number[]; solveMs: number } };
    expect(budget).toMatchObject({ rho: 0.8, countFO: next.summary().countFO, allowed: next.budget!.share });
    expect([...budget!.toFO, ...budget!.toZO].sort((a, b) => a - b)).toEqual(
      changed.map((e) => e.parameter.index),
    );
    expect(budget!.toFO.every((i) => next.entries[i]!.label === 'FO')).toBe(true);
    expect(budget!.solveMs).toBeGreaterThanOrEqual(0);
    expect(host.calls).toHaveLength(calls + 1);
    host.lastProfile = undefined;
    expect(await view.answer({ do: 'preview', rho: 0.8 })).toMatchObject({ message: /no profile yet/ });
  });

  it('plotly sends the copy that was built', async () => {
    const { view } = shownPanel(page(), host);
    vi.useRealTimers();
    const id = view.ask({ do: 'plotly' });
    const sent = () => view.messages().find(({ content }) => content.type === 'answer' && content.id === id);
    await vi.waitFor(() => expect(sent()).toBeDefined(), { timeout: 20_000 });
    expect(sent()!.content).toMatchObject({ ok: true, plotly: 'gzip' });
    vi.useFakeTimers();
    expect(gunzipSync(sent()!.buffers[0]!).toString('utf8', 0, 200)).toContain('plotly.js');
  });
});

describe('the curves', () => {
  it('arrive in pieces, each with what is new', async () => {
    const { view } = shownPanel(page(), host);
    void host.start();
    host.makeSteps(3);
    await settle();
    host.makeSteps(2);
    host.addProbe();
    await settle();
    const pieces = view.messages().flatMap(({ content }) => ('count' in content ? [content] : []));
    expect(pieces).toEqual([
      { type: 'rows', from: 0, count: 0 },
      { type: 'probes', from: 0, count: 0 },
      { type: 'rows', from: 0, count: 3 },
      { type: 'rows', from: 3, count: 2 },
      { type: 'probes', from: 0, count: 1 },
    ]);
    expect(view.curves('rows').loss).toEqual(host.rows.map((row) => row.loss));
    expect(view.curves('probes')).toMatchObject({ step: [5], varianceRatio: [9] });
  });

  it('are whole in a view that reloads, thinned when they are long', async () => {
    const { view: first } = shownPanel(page(), host);
    void host.start();
    host.makeSteps(4000);
    host.rows[1234] = { ...host.rows[1234]!, loss: 1e6 };
    host.addProbe();
    await settle();
    const states = page().reload().data.states as Record<string, { state: { panel: object } }>;
    expect(states[first.id]!.state.panel).toMatchObject({ steps: 4000, run: 'running' });
    const second = new View(page(), first.id);
    second.ask({ do: 'curves' });
    host.makeSteps(5);
    await settle();
    const { step, loss } = second.curves('rows');
    expect(step!.length).toBeLessThanOrEqual(2005);
    expect(step!.length).toBeGreaterThan(1000);
    expect(step).toEqual([...step!].sort((a, b) => a - b));
    expect(step!.slice(-6)).toEqual([3999, 4000, 4001, 4002, 4003, 4004]);
    expect(loss![step!.indexOf(1234)]).toBe(1e6);
    expect(second.curves('probes').step).toEqual([4000]);
    expect(first.curves('rows')).toEqual(second.curves('rows'));
    host.rewindable = { from: 0, to: 4005 };
    host.stop();
    await second.answer({ do: 'rewind', step: 2001 });
    await settle();
    expect(second.curves('rows').step).toEqual(step!.filter((one) => one < 2001));
    expect(second.curves('probes').step).toEqual([]);
  });

  it('lose what a rewind takes back', async () => {
    const { view } = shownPanel(page(), host);
    void host.start();
    host.makeSteps(10);
    host.addProbe();
    host.makeSteps(10);
    host.addProbe();
    host.stop();
    await settle();
    host.rewindable = { from: 0, to: 20 };
    await view.answer({ do: 'rewind', step: 12 });
    await settle();
    expect(view.curves('rows').step).toEqual(Array.from({ length: 12 }, (_, i) => i));
    expect(view.curves('probes').step).toEqual([10]);
    void host.start();
    host.makeSteps(3);
    host.addProbe();
    await settle();
    expect(view.curves('rows').step).toEqual(Array.from({ length: 15 }, (_, i) => i));
    expect(view.curves('probes').step).toEqual([10, 15]);
    await view.answer({ do: 'rewind', step: 12 });
    host.makeSteps(1); // lands, and trains on, before the views hear of it
    host.makeSteps(4);
    await settle();
    expect(view.curves('rows').loss).toEqual(host.rows.map((row) => row.loss));
  });

  it('are sent to nobody before a view is there', async () => {
    new Panel(host, () => source).show();
    void host.start();
    host.makeSteps(3);
    await settle();
    const view = new View(page(), page().sent[0]!.id);
    expect(page().to(view.id, 'custom')).toEqual([]);
    expect(view.state().steps).toBe(3);
  });
});

describe('panels of one session', () => {
  it('are one, and agree', async () => {
    await host.repartition({ rho: 0.5 });
    expect(panelOf(host)).toBe(panelOf(host));
    const { panel, view } = shownPanel(page(), host);
    panel.show();
    expect(page().sent.filter((one) => one.type === 'comm_open')).toHaveLength(1);
    const other = new View(page(), view.id);
    other.ask({ do: 'curves' });
    view.ask({ do: 'label', tensors: [4], label: 'ZO' });
    other.ask({ do: 'label', tensors: [4], label: 'FO' });
    await settle();
    expect(host.labels!.entries[4]!.label).toBe('FO');
    expect(view.state()).toEqual(other.state());
    expect(view.state().labels[4]).toBe('F');
  });

  it('open a new model when the page has closed theirs', async () => {
    const { panel, view } = shownPanel(page(), host);
    page().comms.handle('comm_close', { comm_id: view.id }, []);
    void host.start();
    host.endStep();
    await settle();
    expect(view.states()).toHaveLength(2);
    panel.show();
    const opened = page().sent.filter((one) => one.type === 'comm_open');
    expect(opened).toHaveLength(2);
    expect(new View(page(), opened[1]!.id).state().steps).toBe(1);
  });

  it('leave no listener behind', async () => {
    const { panel, view } = shownPanel(page(), host);
    const count = () => host.eventNames().reduce((n, name) => n + host.listenerCount(name), 0);
    await view.answer({ do: 'run', steps: 1 });
    host.endStep();
    expect(count()).toBe(9);
    host.emit('closed');
    expect(count()).toBe(0);
    expect(view.state().steps).toBe(1);
    expect(page().sent.at(-1)).toMatchObject({ type: 'comm_close', id: view.id });
    panel.show();
    expect(page().sent.at(-1)!.type).toBe('comm_close');
  });
});
