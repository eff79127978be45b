import { describe, expect, it, vi } from 'vitest';
import { tf } from '../../src/engine/index.ts';
import { ConfigError } from '../../src/errors.ts';
import type { PanelHost } from '../../src/panel/host.ts';
import type { Session } from '../../src/session/index.ts';
import { start } from './opened.ts';

/** Resolves once `steps` steps are done. */
const reached = (s: Session, steps: number) =>
  new Promise<void>((resolve) => {
    s.on('step', () => s.steps >= steps && resolve());
  });
const texts = (s: Session, kind: string) => s.events.filter((e) => e.kind === kind).map((e) => e.text);

describe('a run', () => {
  it('is what a panel hosts', async () => {
    const s = await start({ method: 'zo' });
    const host: PanelHost = s;
    expect(host.title).toBe('ZO only (one-sided) on tiny, task label, seed 3');
    expect([host.runState, host.until, host.pending, host.probeRows]).toEqual(['idle', undefined, 0, []]);
  });

  it('goes in the background, holds, goes on and stops, each between two steps', async () => {
    const s = await start({ method: 'zo' });
    const states: string[] = [];
    s.on('state', (state) => states.push(state));
    const live = tf.memory().numTensors;
    const run = s.start();
    await reached(s, 2);
    expect([s.runState, s.until]).toEqual(['running', undefined]);
    s.pause();
    await s.between(() => undefined);
    const held = s.steps;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(s.steps).toBe(held);
    await s.stepOnce();
    expect([s.steps, s.runState]).toEqual([held + 1, 'paused']);
    s.resume();
    await reached(s, held + 2);
    s.stop();
    await run;
    expect(states).toEqual(['running', 'paused', 'running', 'idle']);
    expect(texts(s, 'stop')).toEqual([`stopped after ${s.steps} steps`]);
    expect(tf.memory().numTensors).toBe(live);
  });

  it('ends where it was to end, also when a paused one is stepped there', async () => {
    const s = await start({ method: 'zo' });
    const run = s.start(3);
    await reached(s, 1);
    s.pause();
    await s.stepOnce();
    await s.stepOnce();
    await run;
    expect([s.steps, s.runState, s.until]).toEqual([3, 'idle', undefined]);
    await s.stepOnce();
    expect(s.steps).toBe(4);
  });

  it('takes other calls between its steps and refuses a second run', async () => {
    const s = await start({ method: 'zo' });
    const run = s.start();
    await reached(s, 1);
    expect(() => s.start(1)).toThrow(/going in the background/);
    expect(() => s.run(1)).toThrow(ConfigError);
    expect(await s.heldOutLoss(4)).toBeGreaterThan(0);
    expect(s.runState).toBe('running');
    s.stop();
    await run;
    await s.run(1);
  });

  it('ends when ten steps in a row have changed nothing, and says why', async () => {
    const s = await start({ method: 'zo', epsilon: 3e38 });
    const before = await s.model.parameters.get(s.model.embedding).data();
    await s.run(3, { show: false });
    s.set({ epsilon: 1e-3 });
    await s.run(1, { show: false }); // one that moves: counting starts anew
    s.set({ epsilon: 3e38 });
    expect((await s.run(50, { show: false })).data.rows).toHaveLength(10);
    expect(s.rows.map((row) => row.skipped === '').filter(Boolean)).toHaveLength(1);
    expect(texts(s, 'warning').at(-1)).toMatch(
      /^ended after 10 of 50 steps: the last 10 changed nothing \(a perturbed loss is /,
    );
    await s.rewind(0);
    expect(await s.model.parameters.get(s.model.embedding).data()).toEqual(before);
  });

  it('that fails ends with a line and an idle state', async () => {
    const s = await start({ method: 'zo', schedule: (step) => (step < 2 ? 1 : NaN) });
    const states: string[] = [];
    s.on('state', (state) => states.push(state));
    await s.start(5);
    expect(s.steps).toBe(2);
    expect(states).toEqual(['running', 'idle']);
    expect(texts(s, 'warning')[0]).toMatch(/^the run ended: The schedule gives NaN at step 2/);
    s.set({ schedule: 'constant' });
    await s.start(1);
    expect(s.steps).toBe(3);
  });

  it('goes on over listeners that throw, which are reported', async () => {
    const s = await start({ method: 'zo' });
    const said = vi.spyOn(console, 'error').mockReturnValue();
    const heard: string[] = [];
    for (const name of ['state', 'step', 'event', 'closed'] as const) {
      s.on(name, () => {
        throw new Error(`no ${name}`);
      });
      s.once(name, () => heard.push(name));
    }
    await s.run(2);
    expect([s.steps, s.runState]).toEqual([2, 'idle']);
    s.set({ alpha: 0 });
    await s.close();
    expect(heard).toEqual(['state', 'step', 'event', 'closed']);
    expect(said.mock.calls[0]).toEqual(["hi-zfo: a listener of 'state' failed:", new Error('no state')]);
    expect(said).toHaveBeenCalledTimes(2 + 2 + 1 + 1);
    said.mockRestore();
  });

  it('that is awaited and holds ends when the session is closed', async () => {
    const s = await start({ method: 'zo' });
    const run = s.run(5);
    await reached(s, 1);
    s.pause();
    await s.close();
    expect((await run).data.rows.length).toBe(s.steps);
    expect(s.steps).toBeLessThan(5);
  });

  it('ends when the session is closed, also before its turn has come', async () => {
    const s = await start({ method: 'zo' });
    const run = s.start();
    const late = s.between(() => 1);
    await reached(s, 1);
    await s.close();
    await run;
    expect(await late).toBe(1);
    await expect(s.between(() => 1)).rejects.toThrow(/closed/);
    expect(() => s.start()).toThrow(/closed/);

    const other = await start({ method: 'zo' });
    const waiting = other.start();
    await other.close();
    await waiting;
    expect(other.steps).toBe(0);
  });
});

describe('edits', () => {
  it('land between two steps in the order of the calls, whatever kind they are', async () => {
    const s = await start();
    await s.partition();
    const sizes: number[] = [];
    s.on('step', (row) => sizes.push(row.sizeFO));
    const run = s.start(4);
    await reached(s, 1);
    const order: number[] = [];
    const edits = [
      s.relabel('layers.0.*', 'FO').then(() => order.push(0)),
      s.change({ alpha: 0 }).then(() => order.push(1)),
      s.relabel('layers.99.*', 'FO').catch(() => order.push(2)),
      s.repartition({ rho: 0.5 }).then(() => order.push(3)),
      s.relabel('layers.0.*', 'FO').then(() => order.push(4)),
    ];
    expect(s.pending).toBe(5);
    await Promise.all(edits);
    expect(order).toEqual([0, 1, 2, 3, 4]);
    expect(s.pending).toBe(0);
    await run;
    const at = s.events.find((e) => e.kind === 'settings')!.step;
    const labels = s.labels!.summary();
    expect(s.labels!.budget!.rho).toBe(0.5);
    expect(sizes[at - 1]).not.toBe(labels.sizeFO);
    expect(sizes.slice(at)).toEqual(sizes.slice(at).fill(labels.sizeFO));
    expect(s.settings.alpha).toBe(0);
  });

  it('without a run are done after the calls before them, and awaited from a step callback too', async () => {
    const s = await start({ method: 'zo' });
    const order: string[] = [];
    await Promise.all([
      s.step().then(() => order.push('step')),
      s.between(() => order.push(`edit at ${s.steps}`)),
    ]);
    expect(order).toEqual(['step', 'edit at 1']);
    await s.run(2, { onStep: () => s.change({ epsilon: 2e-3 }) });
    expect(texts(s, 'settings').length).toBe(2);
  });

  it('and every other call may be awaited from a step callback, but no second run', async () => {
    const s = await start({ method: 'zo' });
    const losses: number[] = [];
    await s.run(2, {
      onStep: async () => {
        losses.push(await s.heldOutLoss(4));
        expect(() => s.run(1)).toThrow(/onStep cannot begin another/);
        expect(() => s.start()).toThrow(ConfigError);
      },
    });
    expect([losses.length, s.steps]).toEqual([2, 2]);
    await s.run(1);
  });

  it('made during a step hold, and are noted, from the next one on', async () => {
    const s = await start({ rateFO: 1e-3 });
    await s.partition({ rho: 0.4 });
    const before = s.labels!.summary().sizeFO;
    const stepping = s.step();
    await new Promise(setImmediate);
    s.promote('*');
    s.set({ adamw: { beta1: 0.5 } });
    const row = await stepping;
    expect(row.sizeFO).toBe(before);
    expect(s.events.slice(-2).map((e) => [e.step, e.kind])).toEqual([
      [1, 'edit'],
      [1, 'settings'],
    ]);
  });

  it('can be previewed by the newest profile, which changes nothing', async () => {
    const s = await start();
    expect(s.preview({ rho: 0.5 })).toBeUndefined();
    await s.profileNow();
    const seen = s.preview({ rho: 0.5 })!;
    expect(s.labels).toBeUndefined();
    await s.repartition({ rho: 0.5 });
    expect(s.labels!.entries).toEqual(seen.entries);
    expect(() => s.preview({ rho: 2 })).toThrow(/rho is 2/);
  });
});
