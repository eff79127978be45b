import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine, tf, type Engine } from '../../src/engine/index.ts';
import { DeviceBatch, loadModel, lossOf, type TokenBatch } from '../../src/model/index.ts';
import {
  among,
  candidatesOf,
  curvatureLaw,
  firstRows,
  firstTargets,
  lastTokens,
  quadratic,
  sweepModel,
  sweepVariance,
  targetsBetween,
} from '../../src/variance/index.ts';
import { isInside } from '../../src/variance/checks.ts';

const dir = join(import.meta.dirname, '..', 'goldens', 'model', 'llama-tied-headdim');

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine('wasm');
  await engine.activate();
});

/** Two rows, [1 2 3 4 5 0] with 4, 5 supervised and [6 7 8 9 10 11] with 9, 10, 11. */
const tokens: TokenBatch = {
  ids: Int32Array.from([1, 2, 3, 4, 5, 0, 6, 7, 8, 9, 10, 11]),
  batch: 2,
  length: 6,
  positions: Int32Array.from([2, 3, 8, 9, 10]),
  targets: Int32Array.from([4, 5, 9, 10, 11]),
};
const plain = (b: TokenBatch) => ({
  ...b,
  ids: [...b.ids],
  positions: [...b.positions],
  targets: [...b.targets],
});

describe('cuts of a batch', () => {
  it('keep rows, the end of the context, or the beginning of the output', () => {
    expect(plain(firstRows(tokens, 1))).toEqual({ ids: [1, 2, 3, 4, 5], batch: 1, length: 5, positions: [2, 3], targets: [4, 5] }); // prettier-ignore
    expect(plain(lastTokens(tokens, 3))).toEqual({
      ids: [3, 4, 5, 9, 10, 11],
      batch: 2,
      length: 3,
      positions: [0, 1, 3, 4], // 9 has nothing before it any more
      targets: [4, 5, 10, 11],
    });
    expect(plain(firstTargets(tokens, 1))).toEqual({ ids: [1, 2, 3, 4, 6, 7, 8, 9], batch: 2, length: 4, positions: [2, 6], targets: [4, 9] }); // prettier-ignore
    expect(plain(firstTargets(tokens, 9)).targets).toEqual([...tokens.targets]);
    expect(() => firstRows(tokens, 3)).toThrow(/from 1 to 2/);
    expect(() => lastTokens(tokens, 1)).toThrow(/from 2 to 6/);
    expect(() => firstTargets(tokens, 0)).toThrow(/from 1 on/);
    expect(plain(targetsBetween(tokens, 1, 2))).toEqual({ ids: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], batch: 2, length: 5, positions: [3, 8], targets: [5, 10] }); // prettier-ignore
    expect(plain(targetsBetween(tokens, 1)).targets).toEqual([5, 10, 11]);
    expect(() => targetsBetween(tokens, 2, 2)).toThrow(/from 1 on/);
  });

  it('take the targets of all batches among the candidates, then the lowest ids, and keep them through cuts', () => {
    const found = candidatesOf([firstTargets(tokens, 1), firstRows(tokens, 1)], 6, 20);
    expect([...found]).toEqual([0, 1, 2, 4, 5, 9]);
    expect(firstRows(among(tokens, found), 1).candidates).toBe(found);
    expect(() => candidatesOf([tokens], 4, 20)).toThrow(/4 candidates of the batch .* from 5 to 20/);
    expect(() => candidatesOf([tokens], 21, 20)).toThrow(/from 5 to 20/);
  });

  it('leave the losses of the targets that stay', async () => {
    const model = await loadModel(engine, dir);
    const loss = async (b: TokenBatch) => {
      const batch = new DeviceBatch(b, model.config);
      const value = await lossOf(model, model.parameters.get, batch);
      batch.dispose();
      return value;
    };
    const one = firstRows(tokens, 1);
    const two = {
      ...firstRows(tokens, 2),
      positions: tokens.positions.slice(0, 2),
      targets: tokens.targets.slice(0, 2),
    };
    expect(await loss(one)).toBeCloseTo(await loss(two), 5);
    const first = { ...tokens, positions: Int32Array.from([2, 8]), targets: Int32Array.from([4, 9]) };
    expect(await loss(firstTargets(tokens, 1))).toBeCloseTo(await loss(first), 5);
    model.dispose();
  });
});

describe('sweeps', () => {
  it('measure at every value, law by law', async () => {
    const on = quadratic(engine, { shapes: [[30]], diagonal: (i) => 0.5 + i / 30 });
    const report = await sweepVariance('epsilon', [0.1, 0.4], (epsilon) => ({
      objective: on,
      options: { epsilon, draws: 1500, queries: [1] },
    }));
    expect(report.points.map((p) => p.value)).toEqual([0.1, 0.4]);
    for (const { value, report: r } of report.points)
      expect(isInside(r.curvature, curvatureLaw(on.facts, 'gaussian', value as number))).toBe(true);
    on.dispose();
  });

  it('of a model cut its batches, take its options and leave nothing behind', async () => {
    const model = await loadModel(engine, dir);
    const live = tf.memory().numTensors;
    const parameters = model.parameters.list.filter((p) => p.layer === 1);
    const base = { model, parameters, batches: [tokens], options: { draws: 4, queries: [1] } };
    const laws = await sweepModel('law', ['sphere', 'low-rank'], base);
    expect(laws.points.map((p) => p.report.settings.law)).toEqual(['sphere', 'low-rank']);
    const output = await sweepModel('output', [1, 3], { ...base, batches: [tokens, firstRows(tokens, 1), lastTokens(tokens, 4)] }); // prettier-ignore
    expect(output.axis).toBe('output length in tokens');
    expect(output.points.every((p) => p.noise!.batches === 3)).toBe(true);
    expect(output.points[0]!.report.loss).not.toBe(output.points[1]!.report.loss);
    await expect(sweepModel('batch', [5], base)).rejects.toThrow(/5 rows/);
    const stop = AbortSignal.abort();
    expect((await sweepModel('law', ['sphere'], { ...base, signal: stop })).points).toEqual([]);
    expect(tf.memory().numTensors).toBe(live);
    model.dispose();
  });
});
