import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine, tf, type Engine } from '../../src/engine/index.ts';
import { bendLaw, descentLaw, measureDescent, quadratic } from '../../src/variance/index.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine('wasm');
  await engine.activate();
});

const d = 30;
const h = (i: number) => (i < 3 ? 5 : 0.5);
const g = (i: number) => Math.sin(i) + 0.3;
const bowl = () => quadratic(engine, { shapes: [[20], [10]], diagonal: h, gradient: g });
const sum = (of: (i: number) => number) => Array.from({ length: d }, (_, i) => of(i)).reduce((a, b) => a + b);
const facts = {
  d,
  gradient2: sum((i) => g(i) ** 2),
  trace: sum(h),
  along: sum((i) => h(i) * g(i) ** 2) / sum((i) => g(i) ** 2),
};

describe('one step on a quadratic', () => {
  it.each([
    ['gaussian', 1],
    ['gaussian', 4],
    ['sphere', 1],
  ] as const)('follows its law: %s, q = %i', async (law, queries) => {
    const live = tf.memory().numTensors;
    const on = bowl();
    const options = { law, queries, draws: 800, estimator: 'two-sided', seed: 5 } as const;
    const found = await measureDescent(on, { ...options, multiples: [0.5, 1, 2] });
    expect(found.along).toBeCloseTo(facts.along, 2);
    expect(found.trace.mean).toBeCloseTo(facts.trace, 2); // signs see the trace of a diagonal matrix exactly
    expect(found.best.ZO).toBeCloseTo(1 / bendLaw(facts, queries, law), 4);
    for (const { rate, change, law: expected } of found.ZO) {
      expect(expected).toBeCloseTo(descentLaw(facts, rate, queries, law), 3);
      expect(Math.abs(change.mean - expected) / change.standardError).toBeLessThan(4);
    }
    const { rate, change } = found.ZO.at(-1)!;
    const wrong = descentLaw({ ...facts, trace: d * facts.along }, rate, queries, law); // d in place of the rank
    expect(Math.abs(change.mean - wrong) / change.standardError).toBeGreaterThan(6);
    for (const point of found.FO) expect(point.change).toBeCloseTo(point.law, 2);
    on.dispose();
    expect(tf.memory().numTensors).toBe(live);
  });

  it('keeps the estimates it has when it is stopped, and takes tr H as given', async () => {
    const on = bowl();
    const stop = new AbortController();
    const trace = { mean: facts.trace, standardError: 0 };
    const found = await measureDescent(on, {
      trace,
      signal: stop.signal,
      onDraw: (done) => done === 3 && stop.abort(),
    });
    expect(found.draws).toBe(3);
    expect(found.trace).toBe(trace);
    on.dispose();
  });

  it('refuses where the loss bends down, and what cannot be meant', async () => {
    const live = tf.memory().numTensors;
    const on = quadratic(engine, { shapes: [[6]], diagonal: () => -1 });
    await expect(measureDescent(on)).rejects.toThrow(/bends down/);
    await expect(measureDescent(on, { draws: 1 })).rejects.toThrow(/draws is 1/);
    await expect(measureDescent(on, { multiples: [0] })).rejects.toThrow(/positive/);
    expect(() => bendLaw(facts, 1, 'low-rank')).toThrow(/low-rank/);
    on.dispose();
    expect(tf.memory().numTensors).toBe(live);
  });
});
