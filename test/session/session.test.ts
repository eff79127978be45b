import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { tf } from '../../src/engine/index.ts';
import type { Task } from '../../src/data/index.ts';
import { ConfigError, HiZfoError } from '../../src/errors.ts';
import { setSink, type DisplaySink } from '../../src/notebook/index.ts';
import { assertSavable, open, type OpenOptions, type Session } from '../../src/session/index.ts';
import { noLeaks } from '../no-leaks.ts';

let dir: string;
const sessions: Session[] = [];
const shown: Record<string, unknown>[] = [];
const sink: DisplaySink = { kind: 'injected', display: (data) => void shown.push(data) };

beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'hi-zfo-session-'))));
afterAll(() => rm(dir, { recursive: true }));
afterEach(async () => {
  setSink(undefined);
  for (const s of sessions.splice(0)) await s.close().catch(() => undefined);
});

async function start(options: OpenOptions = {}): Promise<Session> {
  const s = await open({ task: 'label', seed: 3, batchSize: 4, show: false, ...options });
  sessions.push(s);
  return s;
}

const bytes = async (s: Session) =>
  Promise.all(s.model.parameters.list.map(async (p) => (await s.model.parameters.get(p).data()).slice()));

describe('Session', () => {
  it('says in two lines what it is, also as the end of a cell', async () => {
    const s = await start();
    expect(inspect(s.set({ alpha: 0.25 }))).toBe(String(s));
    expect(String(s).split('\n')).toHaveLength(2);
    expect(String(s)).toContain('alpha 0.25');
  });

  it('leaves the number of tensors as it found it at every look, and closes to nothing', async () => {
    const empty = tf.memory().numTensors;
    const s = await start();
    const opened = tf.memory().numTensors;
    const looks: (() => Promise<unknown>)[] = [
      () => s.profile({ batches: 2 }),
      () => s.partition(),
      () => s.variance({ draws: 4, queries: [1, 2] }),
      () => s.evaluate({ examples: 6 }),
      () => s.heldOutLoss(8),
      () => s.generate('Sentence:', { maxNewTokens: 3 }),
      () => s.save(join(dir, 'looked')),
    ];
    const before = await bytes(s);
    for (const look of looks) {
      await look();
      expect(tf.memory().numTensors, String(look)).toBe(opened);
    }
    expect(await bytes(s)).toEqual(before);
    await s.close();
    expect(tf.memory().numTensors).toBe(empty);
    await expect(s.step()).rejects.toThrow(/closed/);
    await s.close(); // does nothing
  });

  it('profiles and partitions by itself, trains, and tells its listeners', async () => {
    const s = await start();
    const heard: string[] = [];
    s.on('profile', () => heard.push('profile'));
    s.on('partition', () => heard.push('partition'));
    s.on('step', (row) => heard.push(`step ${row.step}`));
    const result = await s.run(3);
    expect(heard).toEqual(['profile', 'partition', 'step 0', 'step 1', 'step 2']);
    expect(result.data.rows.length).toBe(3);
    const { achieved } = s.labels!.summary();
    expect(achieved).toBeLessThanOrEqual(s.labels!.budget!.share);
    const table = s.history.table();
    expect(table.numRows()).toBe(3);
    const last = s.history.data.rows.at(-1)!;
    expect(last.forwardPasses).toBe(6);
    expect(last.flops).toBeGreaterThan(0);
    expect(String(s.history)).toMatch(/loss/);
  });

  it('is the same run for the same seed and another for another', async () => {
    const losses = async (seed: number) => {
      const s = await start({ seed, queries: 2 });
      await s.run(3);
      return s.history.data.rows.map((r) => [r.loss, r.coefficient]);
    };
    const first = await losses(3);
    expect(await losses(3)).toEqual(first);
    expect(await losses(4)).not.toEqual(first);
  });

  it('ends between steps when it is aborted, and goes on', async () => {
    const s = await start();
    await s.partition();
    const stop = new AbortController();
    const r = await s.run(50, { signal: stop.signal, onStep: (row) => row.step === 1 && stop.abort() });
    expect(r.data.rows.length).toBe(2);
    expect(s.history.data.events.at(-1)).toMatchObject({ kind: 'stop', text: 'stopped after 2 of 50 steps' });
    await s.run(1);
    expect(s.steps).toBe(3);
  });

  it('takes edits between steps, in order, and keeps them in the history', async () => {
    const s = await start();
    await s.partition({ rho: 0.6 });
    const running = s.run(4, { onStep: (row) => void (row.step === 1 && s.promote('layers.0.*')) });
    await running;
    const sizes = s.history.data.rows.map((r) => r.sizeFO);
    expect(sizes[1]).toBe(sizes[0]);
    expect(sizes[2]).toBeGreaterThan(sizes[1]!);
    s.demote('layers.0.*');
    await s.step();
    expect(s.history.data.rows[4]!.sizeFO).toBe(sizes[0]);
    expect(s.history.data.events.filter((e) => e.kind === 'edit').map((e) => [e.step, e.text])).toEqual(
      [
        [2, "FO <- 'layers.0.*' (9)"],
        [5, "ZO <- 'layers.0.*' (9)"],
      ].map(([step, text]) => [step === 5 ? 4 : step, text]),
    );
    expect(() => s.promote('layers.99.*')).toThrow(ConfigError);
    expect(() => s.promote(3 as never)).toThrow(/3 is no selector of tensors/);
    await expect(s.relabel('layers.1.*', 'fo' as never)).rejects.toThrow(/label is "fo"; take 'FO'/);
    expect(() => s.batch(-1)).toThrow(/batch\(-1\): give a step/);
    s.set({ alpha: 0, epsilon: 2e-3 });
    expect(s.settings).toMatchObject({ alpha: 0, epsilon: 2e-3 });
    expect(() => s.set({ epsilon: -1 })).toThrow(/epsilon is -1/);
    expect(() => s.set({ adamw: { beta1: 1 } })).toThrow(/beta1: 1, .* must be numbers in \[0, 1\)/);
    expect(s.settings.epsilon).toBe(2e-3);
  });

  it('runs calls one after another, whatever is awaited', async () => {
    const s = await start();
    await s.partition();
    await Promise.all([s.run(2), s.heldOutLoss(4), s.run(2), s.variance({ draws: 2, queries: [1] })]);
    expect(s.history.data.rows.map((r) => r.step)).toEqual([0, 1, 2, 3]);
  });

  it('shows progress and a live figure in one entry each', async () => {
    setSink(sink);
    const s = await start({ show: true });
    await s.partition();
    shown.length = 0;
    const result = await s.run(2);
    expect(shown.some((b) => 'application/vnd.plotly.v1+json' in b)).toBe(true);
    expect(shown.some((b) => String(b['text/plain']).includes('2/2'))).toBe(true);
    expect(result.spec().data.length).toBeGreaterThan(0);
    const stop = new AbortController();
    await s.run(9, { signal: stop.signal, onStep: () => stop.abort() });
    expect(shown.some((b) => String(b['text/plain']).includes('stopped after 1 of 9 steps'))).toBe(true);
  });

  it('saves a folder that opens again with the same weights', async () => {
    const s = await start();
    await s.run(2);
    const at = join(dir, 'saved');
    await s.save(at);
    expect((await readdir(at)).sort()).toEqual([
      'config.json',
      'hi-zfo.json',
      'manifest.json',
      'model.safetensors',
      'optimizer.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    const about = JSON.parse(await readFile(join(at, 'hi-zfo.json'), 'utf8')) as {
      seed: number;
      labels: object;
    };
    expect(about.seed).toBe(3);
    expect(Object.keys(about.labels).length).toBe(s.model.parameters.list.length);
    const again = await start({ model: at });
    expect(await bytes(again)).toEqual(await bytes(s));
  });

  it(
    'agrees with the law on the ZO part of the tiny model, q = 1 and 4, both laws',
    { timeout: 300_000 },
    async () => {
      const s = await start();
      await s.partition();
      for (const law of ['gaussian', 'rademacher'] as const) {
        const { data } = await s.variance({ law, draws: 160, queries: [1, 4] });
        expect(data.dimension).toBe(s.labels!.summary().sizeZO);
        for (const row of data.rows) {
          expect(Math.abs(row.deviation), `${law} q ${row.q}`).toBeLessThan(4);
          expect(row.secondMoment.standardError).toBeLessThan(0.4 * row.secondMoment.mean);
        }
      }
    },
  );
});

describe('what a session refuses', () => {
  it('edits before there are labels, settings it does not know, folders it did not write', async () => {
    const s = await start();
    expect(() => s.promote('model.norm.weight')).toThrow(/call partition\(\) first/);
    expect(() => s.set({ rateF0: 1 } as never)).toThrow(/no option rateF0\. Did you mean rateFO\?/);
    for (const microBatch of [0, 1.5, -2, NaN, '3'] as never[])
      expect(() => s.set({ microBatch })).toThrow(/microBatch is .*; it must be a whole number of rows/);
    expect(() => s.set({ recompute: 1 } as never)).toThrow(/recompute is 1; it must be true or false/);
    expect(() => s.set({ schedule: { linear: -1 } })).toThrow(/schedule/);
    expect(() => s.set({ schedule: () => NaN })).toThrow(/gives NaN at step 0/);
    const other = join(dir, 'thesis');
    await mkdir(other);
    await writeFile(join(other, 'thesis.txt'), 'years of work');
    await expect(s.save(other)).rejects.toThrow(/holds other files \(thesis\.txt\)/);
    expect(await readdir(other)).toEqual(['thesis.txt']);
    await expect(s.save('')).rejects.toThrow(/'' is no folder to save to/);
  });

  it('a folder that can be made is tried before, and nothing is left of the trial', async () => {
    const at = await mkdtemp(join(dir, 'savable-'));
    await assertSavable(join(at, 'new', 'deeper'));
    await assertSavable(at);
    expect(await readdir(at)).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('a folder that only looks writable, as /proc as root', async () => {
    await expect(assertSavable('/proc/hi-zfo')).rejects.toThrow(ConfigError);
    const s = await start();
    const events = s.events.length;
    const error: unknown = await s.save('/proc/hi-zfo/run').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(HiZfoError); // in words, whoever runs it
    expect((error as Error).message).toMatch(/^Cannot save to \/proc\/hi-zfo\/run: .* another folder\.$/);
    expect(s.events).toHaveLength(events);
  });

  it('snapshots that cannot be meant, before it loads anything', async () => {
    await noLeaks(async () => {
      await expect(start({ snapshots: { every: -1 } })).rejects.toThrow(/every -1 steps/);
      await expect(start({ snapshots: { bytes: NaN } })).rejects.toThrow(/NaN bytes/);
    });
  });

  it('keeps what the partition froze frozen when it is demoted', async () => {
    const s = await start({ method: 'frozen' });
    await s.partition();
    s.demote('*');
    expect(s.labels!.with('frozen').length).toBe(s.model.parameters.list.length);
  });
});

describe('a task without held-out examples', () => {
  it('trains, and says what is missing when it is evaluated', async () => {
    const example = { prompt: 'a', completion: 'b' };
    const task: Task = {
      name: 'bare',
      kind: 'generation',
      description: 'nothing to hold out',
      train: [example],
      test: [],
      maxNewTokens: 2,
      score: () => Promise.reject(new Error('nothing to score')),
    };
    const s = await start({ task, batchSize: 1 });
    await s.run(1);
    await expect(s.evaluate()).rejects.toThrow(/bare has no held-out example/);
    await expect(s.heldOutLoss()).rejects.toThrow(/bare has no held-out example/);
  });
});

describe('open', () => {
  it.each([
    [{ model: 'nowhere' }, /no model folder/],
    [{ model: tf.sequential() as never }, /model is \[Sequential\]\. .*layersModel\(net, \{ loss \}\)/],
    [{ task: 5 as never }, /task is 5; give a name/],
    [{ modle: 'tiny' } as never, /open has no option modle\. Did you mean model\? Options are model, task/],
    [{ rhoo: 0.5, show: false } as never, /no option rhoo\. Did you mean rho\?/],
    [{ task: 'lable' }, /no task lable\. Did you mean label\?/],
    [{ method: 'hizfo' as never }, /method is "hizfo"; .*Did you mean hi-zfo\?/],
    [{ batchSize: 0 }, /batchSize is 0; give/],
    [{ task: 'poems' }, /no task poems/],
    [{ method: 'sgd' as never }, /take one of/],
    [{ seed: -1 }, /seed is -1/],
    [{ rho: 2 }, /rho is 2/],
    [{ queries: 0 }, /queries is 0/],
    [{ estimator: 'three-sided' as never }, /estimator/],
    [{ batchSize: 0 }, /[Bb]atch/],
    [{ maxLength: 3 }, /no completion fits maxLength 3/],
    [{ maxLength: 300 }, /the model has 256 positions/],
  ])('refuses %j', async (options, message) => {
    const live = tf.memory().numTensors;
    await expect(open({ show: false, ...options })).rejects.toThrow(message);
    expect(tf.memory().numTensors).toBe(live);
  });
});
