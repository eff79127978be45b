import { describe, expect, it } from 'vitest';
import { tf } from '../../src/engine/index.ts';
import type { VarianceReport } from '../../src/variance/index.ts';
import { start, weights } from './opened.ts';

describe('the variance laboratory of a session', () => {
  it('sweeps, cuts the loss, measures sharpness; weights stay and nothing is left behind', async () => {
    const s = await start();
    await s.partition();
    const before = await weights(s);
    const live = tf.memory().numTensors;
    const along = 'layers.5.mlp.*';

    const sweep = await s.sweep('epsilon', [1e-3, 1e-2], { along, draws: 4, batches: 3 });
    expect(sweep.data.points.map((p) => p.report.settings.epsilon)).toEqual([1e-3, 1e-2]);
    expect(sweep.data.points[0]!.noise!.batches).toBe(3);
    expect(String(sweep)).toContain('0.001: variance');

    const points: number[] = [];
    const lines = await s.landscape({ along, points: 3, onPoint: (done) => points.push(done) });
    expect(points).toEqual([1, 2, 3, 4, 5, 6]);
    expect(lines.data.map((l) => l.loss.length)).toEqual([3, 3]);
    expect(lines.data[0]!.center).toBeCloseTo(lines.data[0]!.loss[1]!, 9);
    expect(lines.table().numRows()).toBe(6);

    const plane = await s.plane({ along, points: 2 });
    expect(plane.data.loss.flat()).toHaveLength(4);
    expect(plane.spec().data).toHaveLength(1);

    const { data } = await s.sharpness({ along, probes: 2, steps: 2 });
    expect(data.curvature.gradients).toBe(8);
    expect(data.rise.rise.mean).not.toBeNaN();

    const trace = { mean: 1e4, standardError: 0 };
    const draws: number[] = [];
    const step = await s.descent({
      along: '*.embed_tokens.*',
      trace,
      draws: 2,
      multiples: [1],
      onDraw: (n) => draws.push(n),
    });
    expect(draws).toEqual([1, 2]);
    expect(step.data.ZO[0]!.change.mean).toBeLessThan(0);
    expect(step.table().numRows()).toBe(2);

    expect(tf.memory().numTensors).toBe(live);
    expect(await weights(s)).toEqual(before);
  });

  it('sweeps the output with all routes, drawn one below the other', async () => {
    const s = await start();
    const live = tf.memory().numTensors;
    const routes = { draws: 4, steps: 2, tries: 2 };
    const sweep = await s.sweep('output', [1, 2], { along: 'layers.5.mlp.*', batches: 3, routes });
    const { routes: found } = sweep.data.points[0]!;
    expect(found!.batches).toBe(3);
    expect(found!.dimension).toBe(3 * 128 * 352);
    expect(sweep.data.points[0]!.report.draws).toBe(4);
    expect(String(sweep)).toContain('Routes by which a task matters to ZO');
    expect(sweep.table().numRows()).toBe(2);
    await expect(s.sweep('output', [1], { along: 'layers.5.*', routes: true })).rejects.toThrow(/at least 3 batches; 0 asked for/); // prettier-ignore
    expect(tf.memory().numTensors).toBe(live);
  });

  it('goes on with a variance, also from a file, until the weights change', async () => {
    const s = await start();
    await s.partition();
    const options = { along: 'layers.5.*', queries: [1, 2], batch: 0 };
    const whole = await s.variance({ ...options, draws: 8 });
    const part = await s.variance({ ...options, draws: 5 });
    const read = JSON.parse(JSON.stringify(part.data)) as VarianceReport;
    const on = await s.variance({ along: 'layers.5.*', batch: 0, from: read, draws: 8 });
    expect(on.data).toEqual(whole.data);
    await s.step();
    await expect(s.variance({ along: 'layers.5.*', batch: 0, from: read, draws: 12 })).rejects.toThrow(
      /weights or the batch/,
    );
  });

  it('measures along every law of directions, as it trains', async () => {
    const s = await start({ law: 'low-rank', rank: 1 });
    await s.partition();
    await s.step();
    const { settings } = (await s.variance({ draws: 2, queries: [1] })).data;
    expect([settings.law, settings.rank]).toEqual(['low-rank', 1]);
  });
});
