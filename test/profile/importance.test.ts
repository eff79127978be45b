import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { tf } from '../../src/engine/index.ts';
import { loadModel, type Decoder } from '../../src/model/index.ts';
import { AdamW } from '../../src/optimize/index.ts';
import { Partition, reachOf } from '../../src/partition/index.ts';
import { profileModel, type ProfileOptions } from '../../src/profile/index.ts';
import { engines } from '../engine/engines.ts';
import { goldenBatch, readJson, type Expected } from '../goldens.ts';
import { noLeaks } from '../no-leaks.ts';

const dir = join(import.meta.dirname, '..', 'goldens', 'model', 'llama-tied-headdim');
const tokens = goldenBatch(readJson<Expected>(dir, 'expected.json'));
const RHO = 0.6;

describe.each(Object.keys(engines))('importance on %s', (name) => {
  let model: Decoder;
  let optimizer: AdamW;
  /** What gradients were asked for, pass by pass. */
  let asked: string[][];
  beforeEach(async () => {
    const engine = await engines[name]!();
    await engine.activate();
    model = await loadModel(engine, dir);
    optimizer = new AdamW(engine);
    asked = [];
    const pass = model.lossAndGradients.bind(model);
    model.lossAndGradients = (weights, batch, wrt, ...rest) => {
      asked.push(wrt.map((p) => p.name));
      return pass(weights, batch, wrt, ...rest);
    };
  });
  afterEach(() => {
    optimizer.dispose();
    model.dispose();
  });
  const profile = (options: ProfileOptions = {}) =>
    noLeaks(() =>
      profileModel(model, [tokens, tokens], (p, w, g) => optimizer.tried(p, w, g, 1e-2), options),
    );

  it('of what a budget reaches is that of the whole profile, in a unit of its own', async () => {
    const all = await profile();
    const part = await profile({ reach: reachOf(RHO) });
    const reached = reachOf(RHO).of(all.entries, model.parameters.list);
    expect(reached).toContain(false);
    expect(part.entries.map((e) => e.reached)).toEqual(reached);
    expect([all.reach, part.reach]).toEqual([undefined, RHO]);
    expect([part.lossBefore, part.lossAfter]).toEqual([all.lossBefore, all.lossAfter]);
    part.entries.forEach((e, k) => {
      if (!e.reached) return expect([e.importance, e.standardError]).toEqual([0, NaN]);
      const raw = e.importance * part.scale;
      const rawOfAll = all.entries[k]!.importance * all.scale;
      expect(Math.abs(raw - rawOfAll)).toBeLessThanOrEqual(2 ** -51 * Math.abs(rawOfAll)); // the divisions alone
      expect(e.standardError).not.toBeNaN();
    });
    expect(Math.max(...part.entries.map((e) => Math.abs(e.importance)))).toBe(1);
    for (const rho of [0.4, 0.5, RHO]) {
      const [a, b] = [all, part].map((p) => Partition.solve(p, { rho }).entries.map((e) => e.label));
      expect(b).toEqual(a);
    }
  });

  it('asks for no second gradient of what the budget does not reach', async () => {
    const names = model.parameters.list.map((p) => p.name);
    const part = await profile({ reach: reachOf(RHO) });
    const reached = part.entries.filter((e) => e.reached).map((e) => e.parameter.name);
    expect(asked).toEqual([names, reached, names, reached]);
    expect(reached).not.toContain('model.embed_tokens.weight');
  });

  it('is whole when the budget reaches everything', async () => {
    const part = await profile({ reach: reachOf(1) });
    expect(part.entries.every((e) => e.reached)).toBe(true);
    expect(part.reach).toBeUndefined();
  });

  it('runs no pass when the budget can buy nothing', async () => {
    const live = tf.memory().numTensors;
    await expect(profile({ reach: reachOf(0) })).rejects.toThrow(ConfigError);
    expect(asked).toEqual([]);
    expect(tf.memory().numTensors).toBe(live);
  });
});
