import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { tf } from '../../src/engine/index.ts';
import type { OpenOptions, Session } from '../../src/session/index.ts';
import { curve, start as opened, weights } from './opened.ts';
import { testFolder } from './small-model.ts';

const at = testFolder();
const start = (options: OpenOptions = {}) => opened({ model: at.model, ...options });

/** Forward passes since the last look. */
function passes(s: Session): () => number {
  vi.restoreAllMocks();
  const spy = vi.spyOn(s.engine.ops, 'headLoss');
  return () => {
    const n = spy.mock.calls.length;
    spy.mockClear();
    return n;
  };
}

/** Runs to `there`, back to each of `stops` and forward again: the same curve and weights, and no tensor more. */
async function backAndForth(
  options: OpenOptions,
  there: number,
  stops: number[],
  edit: (s: Session) => unknown = () => undefined,
) {
  const s = await start(options);
  const onStep = () => edit(s);
  await s.run(there, { onStep });
  const [rows, end, live] = [curve(s), await weights(s), tf.memory().numTensors];
  for (const back of stops) {
    await s.rewind(back);
    expect(s.steps).toBe(back);
    expect(curve(s)).toEqual(rows.slice(0, back));
    if (back < there) await s.run(there - back, { onStep });
    expect(curve(s)).toEqual(rows);
    expect(await weights(s)).toEqual(end);
    expect(tf.memory().numTensors).toBe(live);
  }
  return s;
}

describe('rewind', () => {
  it('goes from step 60 to 10 and forward again to the same losses, over edits and a new partition', async () => {
    const s = await backAndForth({ rateFO: 1e-3, rateZO: 1e-4 }, 60, [10, 33, 59, 0], async (s) => {
      if (s.steps === 8) s.promote('layers.0.*');
      if (s.steps === 15) s.demote('layers.0.*');
      if (s.steps === 20) s.set({ alpha: 0, epsilon: 2e-3, rateFO: 5e-4 });
      if (s.steps === 31) s.demote('layers.1.*');
      if (s.steps === 32) s.promote('layers.1.*'); // its moments start anew
      if (s.steps === 40) await s.profileNow();
      if (s.steps === 41) await s.repartition({ rho: 0.5 });
    });
    const rewinds = s.events.filter((e) => e.kind === 'rewind').map((e) => e.text);
    expect(rewinds.length).toBe(1); // the earlier ones are after step 0
    expect(s.events.filter((e) => e.kind === 'warning')).toEqual([]);
  }, 120_000);

  it.each<[string, OpenOptions]>([
    ['AdamW on ZO tensors', { updateZO: 'adamw', rateZO: 1e-3, adamw: { weightDecay: 0.1 } }],
    ['four queries, two-sided, Rademacher', { queries: 4, estimator: 'two-sided', law: 'rademacher' }],
    ['the noise control', { method: 'noise' }],
    ['directions on the sphere', { law: 'sphere', queries: 2 }],
    ['directions of low rank', { law: 'low-rank', rank: 3 }],
    ['clipping and a schedule', { clipNorm: 0.5, clipCoefficient: 0.1, schedule: { linear: 20 } }],
    ['a schedule of its own', { schedule: (step) => 1 / (1 + step) }],
    ['full fine-tuning', { method: 'full' }],
    ['a frozen rest', { method: 'frozen' }],
    ['no snapshots', { snapshots: { every: 0 } }],
    ['few snapshots', { snapshots: { every: 1, bytes: 6e5 } }],
  ])('is exact with %s', { timeout: 60_000 }, async (_, options) => {
    await backAndForth({ rateFO: 1e-3, rateZO: 1e-4, ...options }, 13, [11, 4]);
  });

  it.each<[string, OpenOptions]>([
    ['sgd', {}],
    ['adamw', { updateZO: 'adamw' }],
  ])('replays a run of ZO updates alone (%s) without a single forward pass', async (_, options) => {
    const s = await start({ method: 'zo', queries: 3, rateZO: 1e-3, ...options });
    const states: Float32Array[][] = [await weights(s)];
    await s.run(6, { onStep: async () => states.push(await weights(s)) });
    const count = passes(s);
    for (const back of [5, 2, 0]) {
      await s.rewind(back);
      expect(count()).toBe(0);
      expect(await weights(s)).toEqual(states[back]);
    }
  });

  it('runs again only the steps since the last snapshot', async () => {
    const s = await start({ snapshots: { every: 4 } });
    await s.run(11);
    const count = passes(s);
    await s.rewind(8);
    expect(count()).toBe(0);
    await s.rewind(6);
    expect(count()).toBe(2 * 2); // steps 4 and 5, two passes each
    expect(s.events.at(-1)!.text).toMatch(
      /^from step 8 to 6: \d+ tensor updates replayed, 2 steps run again$/,
    );
  });

  it('takes labels, settings, profile, moments, events and probes back with it', async () => {
    const s = await start({ rateFO: 1e-3 });
    const heard: string[] = [];
    s.on('rewind', (step) =>
      heard.push(`rewind ${step} with ${s.rows.length} rows, ${s.probeRows.length} probes`),
    );
    s.on('partition', () => heard.push('partition'));
    s.on('settings', () => heard.push('settings'));
    await s.probe({ every: 2, draws: 2 }).run(3);
    const [labels, settings, profile] = [s.labels, s.settings, s.lastProfile];
    const lines = [...s.events];
    s.promote('layers.0.*');
    s.set({ alpha: 0 });
    await s.run(2);
    await s.profile();
    heard.length = 0;
    await s.rewind(3);
    // the edits were made before step 3 ran: it began with them
    expect([s.settings.alpha, s.labels!.edits.length]).toEqual([0, 1]);
    expect(heard).toEqual(['rewind 3 with 3 rows, 1 probes']);
    await s.rewind(2);
    expect([s.labels, s.settings, s.lastProfile]).toEqual([labels, settings, profile]);
    expect(heard.slice(1)).toEqual(['rewind 2 with 2 rows, 1 probes', 'partition', 'settings']);
    expect(s.events.slice(0, -1)).toEqual(lines);
    expect(s.events.at(-1)!.kind).toBe('rewind');
  });

  it('lands between two steps of a run, which goes on to its end', async () => {
    const s = await start({ method: 'zo' });
    const plain = await start({ method: 'zo' });
    await plain.run(8);
    const run = s.start(8);
    await new Promise<void>((resolve) => s.on('step', (row) => row.step === 4 && resolve()));
    await s.rewind(2);
    await run;
    expect(curve(s)).toEqual(curve(plain));
    expect(await weights(s)).toEqual(await weights(plain));
  });

  it('changes nothing when it is stopped, fails or is asked for what never was', async () => {
    const s = await start({ snapshots: { every: 0 } });
    await s.run(5);
    const [rows, end, live] = [curve(s), await weights(s), tf.memory().numTensors];
    const same = async () => {
      expect(curve(s)).toEqual(rows);
      expect(await weights(s)).toEqual(end);
      expect(tf.memory().numTensors).toBe(live);
    };
    for (const step of [-1, 6, 1.5]) await expect(s.rewind(step)).rejects.toThrow(/give a step from 0 to 5/);
    const batchAt = s.source.at.bind(s.source);
    s.source.at = (step) => {
      if (step === 2) throw new Error('no such batch');
      return batchAt(step);
    };
    await expect(s.rewind(4)).rejects.toThrow('no such batch');
    await same();
    s.source.at = (step) => {
      if (step === 2) s.stop();
      return batchAt(step);
    };
    await expect(s.rewind(4)).rejects.toThrow(/abort/);
    await same();
    s.source.at = batchAt;
    await s.rewind(5);
    await same();
    await s.step();
    expect(s.steps).toBe(6);
  });
});

describe('labels and settings edited at once', () => {
  it('while a step keeps its snapshot, hold from the next step on', async () => {
    const s = await start({ rateFO: 1e-3, snapshots: { every: 2 } });
    await s.partition({ rho: 0.7 });
    await s.run(2);
    const fo = s.labels!.with('FO');
    const w = s.model.parameters.get(fo.at(-1)!);
    const read = w.data.bind(w);
    w.data = () => {
      s.demote(fo.map((p) => p.name));
      return read();
    };
    await s.step();
    expect([s.rows.at(-1)!.sizeFO > 0, s.labels!.with('FO')]).toEqual([true, []]);
    s.promote(fo.map((p) => p.name)); // its moments start anew
    await s.run(3);
    const [rows, end] = [curve(s), await weights(s)];
    await s.rewind(3);
    await s.run(3);
    expect(curve(s)).toEqual(rows);
    expect(await weights(s)).toEqual(end);
  });

  it('while it goes back, are refused', async () => {
    const s = await start({ rateFO: 1e-3, snapshots: { every: 0 } });
    await s.run(5);
    const [rows, end] = [curve(s), await weights(s)];
    const batchAt = s.source.at.bind(s.source);
    const refused: unknown[] = [];
    const tried = (edit: () => unknown) => {
      try {
        edit();
      } catch (error) {
        refused.push(error);
      }
    };
    s.source.at = (step) => {
      if (step === 2 && refused.length === 0) {
        tried(() => s.demote('*'));
        tried(() => s.set({ alpha: 0 }));
      }
      return batchAt(step);
    };
    await s.rewind(4);
    expect(refused.map(String)).toEqual(
      Array(2).fill(expect.stringMatching(/^ConfigError: The run is going back/)),
    );
    await s.step();
    expect(curve(s)).toEqual(rows);
    expect(await weights(s)).toEqual(end);
  });
});

/**
 * Lets the updates of FO or of ZO tensors fail at some of their calls: those of a step, which go through `addScaled` on the
 * directions that it kept, and those that are made again from the log, which go through `perturb`.
 */
function failUpdate(s: Session, label: 'FO' | 'ZO', fails: (call: number) => boolean) {
  const { ops } = s.engine;
  const forwards = vi.spyOn(ops, 'headLoss');
  let [calls, foUpdates] = [0, 0];
  const count = (op: 'adamw' | 'perturb' | 'addScaled', isUpdate: () => boolean) => {
    const real = ops[op].bind(ops) as (...args: unknown[]) => unknown;
    vi.spyOn(ops, op as 'perturb').mockImplementation(((...args: unknown[]) => {
      const afterPasses = forwards.mock.calls.length >= 2; // both of the step that comes
      if (afterPasses && isUpdate() && fails(++calls)) throw new Error('out of memory');
      if (op === 'adamw') foUpdates++;
      return real(...args);
    }) as never);
  };
  count('adamw', () => label === 'FO');
  if (label === 'FO') return;
  count('perturb', () => true);
  // The gradients of both passes are added up by it too, before the first FO update.
  count('addScaled', () => foUpdates > 0 || s.config.method === 'zo');
}

describe('a step that fails half way', () => {
  const options: OpenOptions = { rateFO: 1e-3, rateZO: 1e-3, clipNorm: 0.1 };

  it.each([
    ['FO', 'FO', 3],
    ['the first ZO', 'ZO', 1],
    ['a later ZO', 'ZO', 3],
  ] as const)('at %s tensor has changed nothing, from its first step on', async (_, label, at) => {
    for (const done of [0, 5]) {
      const [s, plain] = [await start(options), await start(options)];
      for (const one of [s, plain]) await one.partition({ rho: 0.7 });
      await plain.run(done + 1);
      if (done > 0) await s.run(done);
      const [before, live] = [await weights(s), tf.memory().numTensors];
      failUpdate(s, label, (call) => call === at);
      await expect(s.step()).rejects.toThrow('out of memory');
      vi.restoreAllMocks();
      expect(await weights(s)).toEqual(before);
      expect([s.steps, tf.memory().numTensors]).toEqual([done, live]);
      await s.step();
      expect(curve(s)).toEqual(curve(plain));
      expect(await weights(s)).toEqual(await weights(plain));
    }
  });

  it('and cannot be undone is not built on, nor saved, until it can', async () => {
    const s = await start({ ...options, method: 'zo' });
    await s.run(3);
    const [before, live] = [await weights(s), tf.memory().numTensors];
    failUpdate(s, 'ZO', (call) => call >= 3);
    await expect(s.step()).rejects.toThrow(/^Step 3 failed half way .* could not be put back/);
    await expect(s.rewind(3)).rejects.toThrow('out of memory');
    vi.restoreAllMocks();
    await expect(s.step()).rejects.toThrow(/tensors have moved: rewind\(3\) puts them back/);
    await expect(s.save(join(at.dir, 'torn'))).rejects.toThrow(/puts them back/);
    await s.rewind(3);
    expect(await weights(s)).toEqual(before);
    expect(tf.memory().numTensors).toBe(live);
    await s.step();
  });
});
