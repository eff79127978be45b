import { execFile } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { tf } from '../../src/engine/index.ts';
import { CheckpointError, ConfigError } from '../../src/errors.ts';
import { tasks, type Task } from '../../src/data/index.ts';
import type { OpenOptions, Session } from '../../src/session/index.ts';
import { curve, start as opened, weights, whole } from './opened.ts';
import { edit, options } from './same-run.ts';
import { testFolder } from './small-model.ts';

const at = testFolder();
const start = (given: OpenOptions = {}) => opened({ model: at.model, ...given });
const resume = (dir: string, given: OpenOptions = {}) => opened({ resume: dir, ...given });
const folder = (name: string) => join(at.dir, name);
const lines = (s: Session) =>
  s.events.filter((e) => e.kind !== 'save' && e.kind !== 'open').map((e) => `${e.step} ${e.kind} ${e.text}`);

describe('a run that is saved and resumed', () => {
  it(
    'is the straight run, bit by bit, when it was killed in the midst of step 25',
    { timeout: 120_000 },
    async () => {
      const straight = await start(options);
      await straight.run(60, { onStep: () => edit(straight) });
      const dir = folder('killed');
      const script = join(import.meta.dirname, 'killed-run.ts');
      const child = promisify(execFile)(process.execPath, ['--import', 'tsx', script, at.model, dir, '25']);
      await expect(child).rejects.toMatchObject({ signal: 'SIGKILL' });
      const s = await resume(dir);
      expect(s.steps).toBe(25);
      await s.run(35, { onStep: () => edit(s) });
      expect(await whole(s, folder('a'))).toEqual(await whole(straight, folder('b')));
      expect(lines(s)).toEqual(lines(straight));
      // it also goes back to where it was before it was killed, and beyond
      for (const back of [24, 3]) {
        await s.rewind(back);
        await s.run(60 - back, { onStep: () => edit(s) });
        expect(curve(s)).toEqual(curve(straight));
        expect(await weights(s)).toEqual(await weights(straight));
      }
    },
  );

  it.each<[string, OpenOptions]>([
    ['Hi-ZFO', { rateFO: 1e-3 }],
    ['two-sided, clipped, on a schedule', { estimator: 'two-sided', clipNorm: 0.5, schedule: { linear: 9 } }],
    ['ZO only', { method: 'mezo', law: 'rademacher' }],
    ['the noise control on the sphere', { method: 'noise', law: 'sphere' }],
    ['directions of low rank', { law: 'low-rank', rank: 3 }],
    ['full fine-tuning', { method: 'full', adamw: { weightDecay: 0.1 } }],
    ['a frozen rest', { method: 'frozen' }],
  ])('goes on bit by bit: %s', async (_, given) => {
    const straight = await start(given);
    await straight.probe({ every: 3, draws: 2 }).run(7);
    const cut = await start(given);
    await cut.probe({ every: 3, draws: 2 }).run(4);
    await cut.save(folder('cut'));
    const live = tf.memory().numTensors;
    await cut.close();
    const s = await resume(folder('cut'));
    expect(tf.memory().numTensors).toBe(live);
    await s.probe({ every: 3, draws: 2 }).run(3);
    expect(await whole(s, folder('a'))).toEqual(await whole(straight, folder('b')));
    const probes = (of: Session) => of.probeRows.map((row) => ({ ...row, seconds: 0 }));
    expect(probes(s)).toEqual(probes(straight));
    expect(s.labels!.entries.map((e) => [e.label, e.reason])).toEqual(
      straight.labels!.entries.map((e) => [e.label, e.reason]),
    );
    expect(s.labels!.summary()).toEqual(straight.labels!.summary());
  });

  it('carries edits, profile, settings and a profile in mid-run over, before the next step too', async () => {
    const edited = (s: Session) => {
      s.demote('layers.1.*');
      s.promote('layers.1.*'); // moments are gone, labels as before
      return s;
    };
    const straight = await start({ rateFO: 1e-3 });
    await straight.run(3);
    edited(straight);
    await straight.profile();
    await straight.run(2);
    const cut = await start({ rateFO: 1e-3 });
    await cut.run(3);
    await edited(cut).save(folder('edited'));
    const s = await resume(folder('edited'));
    await s.profile();
    expect(s.lastProfile!.entries.map((e) => e.importance)).toEqual(
      straight.lastProfile!.entries.map((e) => e.importance),
    );
    await s.run(2);
    expect(await whole(s, folder('a'))).toEqual(await whole(straight, folder('b')));
    expect(s.labels!.edits).toEqual(straight.labels!.edits);
    await s.rewind(2);
    await s.run(1);
    expect(curve(s)).toEqual(curve(straight).slice(0, 3));
  });

  it('carries a profile of what a budget reaches over, and what it cannot serve stays refused', async () => {
    const straight = await start({ rateFO: 1e-3, rho: 0.5 });
    const { data } = await straight.profile({ rho: 0.7 });
    expect(data.entries.filter((e) => !e.reached).length).toBeGreaterThan(0);
    await straight.run(2);
    await straight.save(folder('reach'));
    const s = await resume(folder('reach'));
    expect(s.lastProfile!.entries).toEqual(
      data.entries.map((e) => ({ ...e, parameter: s.parameters[e.parameter.index] })),
    );
    expect(s.lastProfile!.reach).toBe(0.7);
    expect(s.labels!.entries.map((e) => e.reason)).toEqual(straight.labels!.entries.map((e) => e.reason));
    const before = [s.labels, s.events.length];
    await expect(s.partition({ rho: 1 })).rejects.toThrow(/profile\(\{ rho: 1 \}\)/);
    expect(() => s.preview({ rho: 1 })).toThrow(ConfigError);
    expect([s.labels, s.events.length]).toEqual(before);
    await s.profile();
    expect((await s.partition({ rho: 1 })).data.budget!.rho).toBe(1);
  });

  it('carries recomputation over, with which the run is the same', async () => {
    const straight = await start({ rateFO: 1e-3 });
    await straight.run(4);
    const cut = await start({ rateFO: 1e-3, recompute: true });
    expect(String(cut)).toMatch(/activations recomputed$/);
    await cut.run(2);
    await cut.save(folder('recomputed'));
    const s = await resume(folder('recomputed'));
    expect(s.settings.recompute).toBe(true);
    await s.run(2);
    expect(await weights(s)).toEqual(await weights(straight));
    const losses = (of: Session) => of.rows.map((row) => [row.loss, row.perturbedLoss, row.gradientNorm]);
    expect(losses(s)).toEqual(losses(straight));
    expect(s.rows[3]!.flops).toBeGreaterThan(straight.rows[3]!.flops);
    const off = await resume(folder('recomputed'), { recompute: false });
    expect(off.events.at(-1)).toMatchObject({ kind: 'settings', text: 'recompute = false' });
  });

  it('carries the rows that run at a time over, and is the same run bit by bit, there and back', async () => {
    const straight = await start({ rateFO: 1e-3, microBatch: 3 });
    expect(String(straight)).toMatch(/3 rows at a time$/);
    await straight.run(4);
    const cut = await start({ rateFO: 1e-3, microBatch: 3 });
    await cut.run(2);
    await cut.save(folder('pieces'));
    const s = await resume(folder('pieces'));
    expect(s.settings.microBatch).toBe(3);
    await s.run(2);
    expect(curve(s)).toEqual(curve(straight));
    expect(await weights(s)).toEqual(await weights(straight));
    await s.rewind(1);
    await s.run(3);
    expect(curve(s)).toEqual(curve(straight));
  });

  it('is of one moment: labels edited while the files are written are not in it', async () => {
    const straight = await start({ rateFO: 1e-3 });
    await straight.run(4);
    const cut = await start({ rateFO: 1e-3 });
    await cut.run(2);
    const w = cut.model.parameters.get(cut.parameters[0]!);
    const read = w.data.bind(w);
    w.data = () => {
      if (cut.labels!.with('FO').length > 0) cut.demote('*');
      return read();
    };
    await cut.save(folder('moment'));
    expect(cut.labels!.with('FO')).toEqual([]);
    await cut.save(folder('after'));
    const s = await resume(folder('moment'));
    await s.run(2);
    expect(await whole(s, folder('a'))).toEqual(await whole(straight, folder('b')));
    const held = JSON.parse(await readFile(join(folder('after'), 'hi-zfo.json'), 'utf8')) as {
      state: { now: { forgot: number[] } };
    };
    expect(held.state.now.forgot.length).toBeGreaterThan(0);
  });

  it('from a folder of one that is called tiny too goes back by its own first weights', async () => {
    const model = join(folder('mine'), 'tiny');
    await cp(at.model, model, { recursive: true });
    const s = await start({ model });
    const first = await weights(s);
    await s.run(2);
    await s.save(folder('named'));
    const resumed = await resume(folder('named'), { model });
    await resumed.rewind(0);
    expect(await weights(resumed)).toEqual(first);
  });

  it('before its first step, and again and again', async () => {
    const straight = await start();
    await straight.run(3);
    let s = await start();
    for (let step = 0; step < 3; step++) {
      await s.save(folder('often'));
      s = await resume(folder('often'));
      await s.run(1);
    }
    expect(curve(s)).toEqual(curve(straight));
    await s.rewind(1);
    await s.run(2);
    expect(await weights(s)).toEqual(await weights(straight));
  });
});

describe('what may be given with resume', () => {
  it('step options, which then change the settings; the rest only as it was', async () => {
    const s = await start({ rateFO: 1e-3 });
    await s.run(1);
    const dir = folder('rules');
    await s.save(dir);
    const same = await resume(dir, {
      rateFO: 1e-3,
      seed: 3,
      method: 'hi-zfo',
      batchSize: 4,
      task: 'label',
      model: at.model,
    });
    expect(same.events.filter((e) => e.kind === 'settings')).toEqual([]);
    const other = await resume(dir, { rateFO: 1e-4, epsilon: 1e-3 });
    expect(other.events.at(-1)).toMatchObject({ step: 1, kind: 'settings', text: 'rateFO = 0.0001' });
    const live = tf.memory().numTensors;
    for (const [given, message] of [
      [{ seed: 4 }, /has seed 3, given 4\. Leave seed out/],
      [{ method: 'zo' }, /has method "hi-zfo", given "zo"/],
      [{ batchSize: 8 }, /batchSize 4, given 8/],
      [{ maxLength: 64 }, /maxLength 128, given 64/],
      [{ rho: 0.5 }, /rho 0\.6, given 0\.5/],
      [{ model: 'tiny' }, /has model .*small", given "tiny"/],
      [{ task: 'word-problem' }, /trained on other examples of label/],
      [{ format: 'gsm8k' }, /go with a task/],
      [{ epsilon: -1 }, /epsilon is -1/],
      [{ rateF0: 1 } as OpenOptions, /no option rateF0\. Did you mean rateFO/],
    ] satisfies [OpenOptions, RegExp][]) {
      await expect(resume(dir, given)).rejects.toThrow(message);
      await expect(resume(dir, given)).rejects.toThrow(ConfigError);
    }
    expect(tf.memory().numTensors).toBe(live);
  });

  it('a task or a schedule that no file can hold', async () => {
    const task: Task = { ...tasks.label!({ seed: 3 }), name: 'mine' };
    const schedule = (step: number) => 1 / (1 + step);
    const straight = await start({ task, schedule });
    await straight.run(5);
    const cut = await start({ task, schedule });
    await cut.run(3);
    const dir = folder('functions');
    await cut.save(dir);
    await expect(resume(dir, { task })).rejects.toThrow(
      /Give it again.*It was: \(step\) => 1 \/ \(1 \+ step\)/,
    );
    await expect(resume(dir, { schedule })).rejects.toThrow(/given as an object\. Give it again/);
    const s = await resume(dir, { task, schedule });
    expect(s.events.at(-1)!.kind).toBe('open');
    await s.run(2);
    expect(curve(s)).toEqual(curve(straight));
    await s.rewind(1); // the factors of steps gone by are in the log
    await s.run(4);
    expect(curve(s)).toEqual(curve(straight));
    const other = await resume(dir, { task, schedule: 'constant' });
    expect(other.events.at(-1)).toMatchObject({ kind: 'settings', text: "schedule = 'constant'" });
  });

  it('another engine, which is said in the history', async () => {
    const s = await start({ method: 'zo' });
    await s.run(1);
    await s.save(folder('engine'));
    const other = await resume(folder('engine'), { engine: 'cpu' });
    expect(other.events.at(-1)).toMatchObject({ kind: 'warning' });
    expect(other.events.at(-1)!.text).toMatch(
      /bits may differ .* engine was (wasm|fast|native): .*, is cpu: /,
    );
    await other.run(1);
    await s.run(1);
    expect(other.rows[1]!.loss).toBeCloseTo(s.rows[1]!.loss, 4);
  });
});

describe('what cannot be resumed', () => {
  it('is named, file by file, and nothing is left behind', async () => {
    const s = await start();
    await s.run(2);
    const good = folder('good');
    await s.save(good);
    const copy = folder('torn');
    const live = tf.memory().numTensors;
    const refused = async (change: (d: string) => Promise<unknown>, message: RegExp) => {
      await rm(copy, { recursive: true, force: true });
      await cp(good, copy, { recursive: true });
      await change(copy);
      await expect(resume(copy)).rejects.toThrow(message);
      await expect(resume(copy)).rejects.toThrow(CheckpointError);
    };
    for (const name of [
      'model.safetensors',
      'optimizer.safetensors',
      'hi-zfo.json',
      'config.json',
      'tokenizer.json',
    ]) {
      await refused((d) => rm(join(d, name)), new RegExp(name.replace('.', '\\.')));
      await refused(
        async (d) => {
          const bytes = await readFile(join(d, name));
          await writeFile(join(d, name), bytes.subarray(0, bytes.length - 9));
        },
        new RegExp(name.replace('.', '\\.')),
      );
    }
    await refused((d) => rm(join(d, 'manifest.json')), /manifest\.json: there is none/);
    await refused((d) => rm(d, { recursive: true }), /There is no folder/);
    await refused(
      (d) => writeFile(join(d, 'hi-zfo.json'), '{"hiZfo":1}'),
      /saved no training state\. Open its folder/,
    );
    await refused((d) => writeFile(join(d, 'hi-zfo.json'), '{"hiZfo":9}'), /hiZfo is 9; expected 2/);
    await s.save(folder('alone'), { state: false });
    await expect(resume(folder('alone'))).rejects.toThrow(/a model without training state/);
    expect(tf.memory().numTensors).toBe(live);
    const model = await opened({ model: folder('alone') });
    expect(await weights(model)).toEqual(await weights(s));
  });

  it('beyond its base, when that has changed', async () => {
    const base = folder('base');
    await cp(at.model, base, { recursive: true });
    const s = await start({ model: base });
    await s.run(2);
    await s.save(folder('based'));
    const path = join(base, 'model.safetensors');
    const bytes = await readFile(path);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(path, bytes);
    const end = await weights(s);
    for (const run of [s, await resume(folder('based'))]) {
      await expect(run.rewind(1)).rejects.toThrow(/no longer holds the same weights/);
      expect(await weights(run)).toEqual(end);
    }
  });
});

describe('autosave', () => {
  it('saves every n-th step of any run, and says so when it cannot', async () => {
    const s = await start({ method: 'zo' });
    const dir = folder('auto');
    await s.autosave({ every: 2, dir }).run(5);
    expect(s.events.filter((e) => e.kind === 'save').map((e) => e.step)).toEqual([2, 4]);
    expect((await resume(dir)).steps).toBe(4);
    await s.autosave({ every: 1, dir: at.model }).run(1);
    expect(s.steps).toBe(6);
    expect(s.events.at(-1)!.text).toMatch(/^step 6 is not saved: .* holds other files/);
    await s.autosave({ every: 0, dir }).run(1);
    expect(s.events.filter((e) => e.kind === 'save').length).toBe(2);
    expect(() => s.autosave({ every: 0.5, dir })).toThrow(/every 0.5 steps/);
  });
});
