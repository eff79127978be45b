import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor } from '@tensorflow/tfjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { digits } from '../../src/data/index.ts';
import { openEngine, tf, type Engine } from '../../src/engine/index.ts';
import { directionPart } from '../../src/estimate/index.ts';
import { layersModel, ownModel } from '../../src/model/index.ts';
import { open, type OwnOpenOptions, type OwnSession } from '../../src/session/index.ts';
import { lawChecks } from '../../src/variance/index.ts';
import { loss64, names, net, netLoss, tensors, values, type Net } from '../model/own.ts';
import { noLeaks } from '../no-leaks.ts';

let engine: Engine;
let dir: string;
beforeAll(async () => {
  engine = await openEngine('wasm');
  await engine.activate();
  dir = await mkdtemp(join(tmpdir(), 'hi-zfo-own-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const sessions: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const s of sessions.splice(0)) await s.close().catch(() => undefined);
});

async function start<B>(options: OwnOpenOptions<B>): Promise<OwnSession<B>> {
  const s = await open({ show: false, engine, ...options });
  sessions.push(s);
  return s;
}

const read = async (s: OwnSession<never>) =>
  Promise.all(Object.values(s.weights).map(async (t) => Array.from(await t.data())));
const losses = (s: OwnSession<never>) => s.rows.map((r) => [r.loss, r.perturbedLoss, r.coefficient]);

/** 200 rows that the net 3-4-2 can learn. */
function rows() {
  const x = tf.tidy(() =>
    tf.tensor2d(
      Float32Array.from({ length: 600 }, (_, i) => Math.sin(1.7 * i)),
      [200, 3],
    ),
  );
  return { x, y: tf.tidy(() => tf.concat([x.mul(x).sum(1, true), x.sum(1, true).sin()], 1)) };
}

const rates = { rateFO: 1e-2, rateZO: 1e-3 };

describe("a session on a model of one's own", () => {
  it('makes the step of Algorithm 1, as float64 makes it', async () => {
    const { weights, x, y } = tensors();
    const s = await start({
      model: net(weights),
      batches: [{ x, y }],
      method: 'zo',
      seed: 5,
      alpha: 0.5,
      ...rates,
    });
    s.promote('w2');
    const { epsilon } = s.settings;
    const zo = s.parameters.filter((p) => p.name !== 'w2');
    const u = { seed: 5, step: 0, query: 0, law: 'gaussian' as const };
    const directions = new Map(zo.map((p) => [p.name, tf.tidy(() => Array.from(directionPart(engine, u, p).dataSync()))])); // prettier-ignore
    const row = await s.step();

    const w = values();
    const moved = { ...w } as Record<string, ArrayLike<number>>;
    for (const [name, d] of directions) moved[name] = d.map((v, i) => w[name as 'w1'][i]! + epsilon * v);
    const clean = loss64(w);
    const c = (loss64(moved) - clean) / epsilon;
    expect(row.loss).toBeCloseTo(clean, 6);
    expect(row.coefficient).toBeCloseTo(c, 2);
    const now = Object.fromEntries(names.map((n, i) => [n, i])) as Record<string, number>;
    const after = await read(s as never);
    for (const [name, d] of directions) {
      d.forEach((v, i) => expect(after[now[name]!]![i]).toBeCloseTo(w[name as 'w1'][i]! - 1e-3 * c * v, 5));
    }
    const slope = (at: typeof w, i: number) => {
      const by = (h: number) =>
        loss64({ ...at, w2: Float64Array.from(at.w2, (v, k) => (k === i ? v + h : v)) });
      return (by(1e-5) - by(-1e-5)) / 2e-5;
    };
    w.w2.forEach((v, i) => {
      const g = slope(w, i) + 0.5 * slope(moved as never, i);
      expect(after[now.w2!]![i]).toBeCloseTo(v - (1e-2 * g) / (Math.abs(g) + 1e-8), 5); // AdamW's first step
    });
    tf.dispose([weights, x, y]);
  });

  it('trains two dense layers on digits by every method; the model carries the weights', async () => {
    const make = () =>
      tf.sequential({
        layers: [
          tf.layers.dense({ name: 'hidden', units: 64, activation: 'relu', inputShape: [64], kernelInitializer: tf.initializers.glorotNormal({ seed: 1 }) }), // prettier-ignore
          tf.layers.dense({ name: 'out', units: 10, activation: 'softmax', kernelInitializer: tf.initializers.glorotNormal({ seed: 2 }) }), // prettier-ignore
        ],
      });
    const test = digits({ count: 200, seed: 1 });
    const accuracies: Record<string, number> = {};
    for (const method of ['hi-zfo', 'full', 'zo', 'mezo', 'frozen', 'noise'] as const) {
      const model = make();
      const s = await start({
        model: layersModel(model, { loss: 'sparseCategoricalCrossEntropy', metric: 'accuracy' }),
        data: digits({ count: 500 }),
        test,
        method,
        seed: 1,
        rateFO: 2e-2,
        rateZO: 3e-3,
      });
      await s.run({ 'hi-zfo': 250, full: 100, zo: 50 }[method as string] ?? 5);
      if (method === 'hi-zfo') {
        expect(s.labels!.with('ZO').map((p) => p.name)).toEqual(['hidden/kernel']); // nine tenths of the cost
        expect(s.rows.at(-1)!.flops).toBeGreaterThan(0);
      }
      const { metric, examples } = (await s.evaluate()).data;
      expect(examples).toBe(200);
      accuracies[method] = metric!.value;
      const held = await s.heldOutLoss();
      await s.close();
      const guess = tf.tidy(() =>
        Array.from((model.predict(tf.tensor(test.x)) as Tensor).argMax(1).dataSync()),
      );
      const right = guess.filter((g, i) => g === test.y[i]).length / 200;
      expect(right).toBeCloseTo(metric!.value, 6);
      expect(Number.isFinite(held)).toBe(true);
      model.dispose();
    }
    expect(accuracies['hi-zfo']).toBeGreaterThan(0.9);
    expect(accuracies.full).toBeGreaterThan(0.95);
    expect(accuracies['hi-zfo']).toBeGreaterThan(accuracies.zo! + 0.3);
  });

  it('goes back, saves and goes on, bit by bit', async () => {
    const data = rows();
    const { weights } = tensors();
    const options = { model: net(weights), data, batchSize: 16, seed: 3, ...rates };
    const s = await start(options);
    await s.partition({ rho: 0.7 });
    await s.run(14);
    s.demote('*2');
    await s.run(16);
    const straight = losses(s as never);
    const end = await read(s as never);
    await s.rewind(12);
    expect(losses(s as never)).toEqual(straight.slice(0, 12));
    s.events.filter((e) => e.kind === 'warning').forEach((e) => expect(e.text).toBe(''));
    await s.save(join(dir, 'at12'));
    await s.run(2);
    s.demote('*2');
    await s.run(16);
    expect([losses(s as never), await read(s as never)]).toEqual([straight, end]);

    const fresh = tensors();
    for (const name of names) fresh.weights[name] = tf.zerosLike(fresh.weights[name]); // what it starts from is saved
    const t = await start({ model: net(fresh.weights), data, resume: join(dir, 'at12') });
    await t.run(2);
    t.demote('*2');
    await t.run(16);
    expect([losses(t as never), await read(t as never)]).toEqual([straight, end]);
    expect(t.settings).toEqual(s.settings);
    await t.rewind(0);
    const first = Object.values(values()).map((v) => Array.from(v));
    expect(await read(t as never)).toEqual(first);

    const other = { ...data, y: data.y.mul(2) };
    await expect(open({ model: net(weights), data: other, resume: join(dir, 'at12') })).rejects.toThrow(/other batches/); // prettier-ignore
    const renamed = ownModel({ weights: { w: tf.ones([2]) }, loss: (w) => w.w.sum() });
    await expect(open({ model: renamed, data, resume: join(dir, 'at12') })).rejects.toThrow(/holds w1 \[3, 4\].*the model given has w \[2\]/); // prettier-ignore
    await expect(open({ resume: join(dir, 'at12') })).rejects.toThrow(/model of your own.*Give it again/);
    await expect(open({ model: net(weights), data, seed: 4, resume: join(dir, 'at12') })).rejects.toThrow(/has seed 3, given 4/); // prettier-ignore
  });

  it('is measured as any model: variance inside its laws, sweeps, curvature, landscape, probes, panel', async () => {
    const { weights } = tensors();
    const s = await start({ model: net(weights), data: rows(), batchSize: 40, seed: 2, ...rates });
    await s.partition();
    await s.probe({ every: 5 }).run(10);
    expect(s.history.data.probes).toHaveLength(2);
    const before = await read(s as never);
    await noLeaks(async () => {
      const { data } = await s.variance({ draws: 400, queries: [1, 2, 4], along: '*' });
      expect(data.dimension).toBe(26);
      expect(lawChecks(data).filter((c) => !c.inside)).toEqual([]);
      expect(data.rows[0]!.rmsCosineLaw).toBeCloseTo(Math.sqrt(1 / 28), 1); // a small model: far from 0
      expect(data.groups.filter((g) => g.kind === 'layer').map((g) => g.name)).toEqual(['1', '2']);
      const sweep = await s.sweep('epsilon', [1e-4, 1e-2], { draws: 16, batches: 3 });
      expect(sweep.data.points.every((p) => p.noise && p.report.draws === 16)).toBe(true);
      await expect(s.sweep('length', [2])).rejects.toThrow(/cannot be cut/);
      expect((await s.landscape({ points: 3 })).data).toHaveLength(2);
      expect((await s.plane({ points: 3 })).data.loss).toHaveLength(3);
      const { curvature } = (await s.sharpness({ probes: 4, steps: 4 })).data;
      expect(curvature.largest).toBeGreaterThan(0);
    });
    expect(await read(s as never)).toEqual(before);
    const profile = await s.profile({ batches: 2 });
    expect(String(profile)).toMatch(/2 batches of 40 rows.*multiply-adds/s);
    for (const result of [
      profile,
      await s.partition(),
      await s.sharpness({ probes: 2, steps: 2 }),
      s.history,
    ]) {
      expect(JSON.stringify(result.spec())).not.toMatch(/undefined|NaN/);
    }
    expect(JSON.stringify((await s.partition()).spec().layout)).toContain('"ticktext":["1","2"]');
    expect(s.panel()).toBeDefined();
  });

  it('takes a function of the step, made anew each time, and measures time when told', async () => {
    const { weights } = tensors();
    const data = rows();
    let ticks = 0;
    const model = ownModel({ weights, loss: (w: Net, b: { x: Tensor; y: Tensor }) => netLoss(w, b), costs: 'time', clock: () => ticks++ }); // prettier-ignore
    const batches = async (step: number) => {
      await Promise.resolve();
      return { x: data.x.slice([8 * (step % 20), 0], [8, 3]), y: data.y.slice([8 * (step % 20), 0], [8, 2]) };
    };
    const live = tf.memory().numTensors;
    const s = await start({ model, batches, test: [await batches(21)], ...rates });
    const { data: profile } = await s.profile();
    expect(profile.unit).toBe('nanoseconds');
    expect(profile.total.backward / 1e6).toBe(Math.round(profile.total.backward / 1e6)); // whole ticks
    expect(String(await s.partition({ rho: 0.8 }))).toMatch(/of the backward time/);
    await s.run(5);
    expect(s.rows.at(-1)!.flops).toBeNaN();
    expect(String(s.history)).not.toContain('FLOPs');
    expect((await s.evaluate()).data).toMatchObject({ examples: 8, batches: 1 });
    await s.close();
    expect(tf.memory().numTensors - live).toBe(2); // the held-out batch, which is the caller's
  });

  it('says what is wrong before anything is trained, and leaves nothing behind', async () => {
    const { weights, x, y } = tensors();
    const model = net(weights);
    const cases: [Partial<OwnOpenOptions>, RegExp][] = [
      [{}, /needs batches or data/],
      [{ batches: [{ x, y }], data: { x, y } }, /not both/],
      [{ batches: [{ x, y }], batchSize: 4 }, /batchSize goes with data/],
      [{ batches: [] }, /at least one batch/],
      [{ data: { x, y: tf.tensor1d([1]) } }, /x has 6 rows, y has 1 rows/],
      [{ data: { x: [[1], [2, 3]] as never, y } }, /data.x is no tensor/],
      [{ data: { x, y }, bachSize: 2 } as never, /no option bachSize\. Did you mean batchSize\?/],
      [{ data: { x, y }, batchSize: 0 }, /batchSize is 0/],
      [{ data: { x, y }, rho: 2 }, /rho is 2/],
      [{ data: { x, y }, recompute: true }, /no blocks to recompute/],
      [{ data: { x, y }, microBatch: 2 }, /cannot be cut into pieces/],
      [
        { data: { x, y }, task: 'label' } as never,
        /on a model of your own has no option task\. Options are model, batches/,
      ],
      [{ data: { x: y, y } }, /The loss failed/],
      [
        {
          batches: () => {
            throw new Error('no disk');
          },
        },
        /The batch of step 0 could not be made: no disk/,
      ],
    ];
    for (const [options, message] of cases) {
      const live = tf.memory().numTensors;
      await expect(open({ model, show: false, engine, ...options })).rejects.toThrow(message);
      expect(tf.memory().numTensors).toBe(live);
    }
    const s = await start({
      model,
      batches: (i) => (i < 2 ? { x, y } : { x: y, y }),
      method: 'full',
      ...rates,
    });
    await s.run(2);
    const before = await read(s as never);
    await noLeaks(() => expect(s.run(1)).rejects.toThrow(/The loss failed/));
    expect([s.steps, await read(s as never)]).toEqual([2, before]);
    await expect(s.evaluate()).rejects.toThrow(/no held-out examples/);
    expect(() => s.set({ recompute: true })).toThrow(/no blocks to recompute/);
    expect(s.settings.recompute).toBe(false);
    expect(() => s.set({ microBatch: 2 })).toThrow(/cannot be cut into pieces/);
    expect(s.settings.microBatch).toBe(Infinity);
  });
});
