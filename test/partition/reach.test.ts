import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import {
  measure,
  Partition,
  reachExact,
  reachGreenTrainer,
  reachOf,
  selectExact,
  selectGreenTrainer,
  type Item,
} from '../../src/partition/index.ts';
import { profile, within } from '../plot/results.ts';

const importance = fc.double({ min: -1, max: 2, noNaN: true });
const whole = fc.nat(12);
const real = fc.double({ min: 0, max: 7, noNaN: true });
const itemsOf = (cost: fc.Arbitrary<number>) =>
  fc.array(fc.record({ importance, dy: cost, dw: cost }), { minLength: 1, maxLength: 9 });
/** Costs, a budget and a smaller one; whole numbers stay whole. */
const cases = fc.oneof(
  fc.tuple(itemsOf(whole), fc.nat(120), fc.nat(120)),
  fc.tuple(itemsOf(real), ...[0, 1].map(() => fc.double({ min: 0, max: 70, noNaN: true }))),
) as fc.Arbitrary<[Item[], number, number]>;

const oneHot = (items: readonly Item[], k: number) =>
  items.map((x, i) => ({ ...x, importance: Number(i === k) }));

describe('what a budget reaches', () => {
  it('is what some subset within it holds, by brute force', () => {
    fc.assert(
      fc.property(itemsOf(whole), fc.nat(120), (items, budget) => {
        const held = items.map(() => false);
        for (let bits = 1; bits < 1 << items.length; bits++) {
          const chosen = items.map((_, i) => ((bits >> i) & 1) === 1);
          if (measure(items, chosen).cost <= budget) chosen.forEach((on, i) => (held[i] ||= on));
        }
        expect(reachExact(items, budget)).toEqual(held);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it.each([
    ['exact', reachExact, (items: Item[], budget: number) => selectExact(items, budget)],
    ['greentrainer', reachGreenTrainer, (items: Item[], budget: number) => selectGreenTrainer(items, budget)],
  ])('is what %s chooses when nothing else is worth anything, on whole costs', (_, reach, select) => {
    fc.assert(
      fc.property(itemsOf(whole), fc.nat(120), (items, budget) => {
        const chosen = items.map((_, k) => select(oneHot(items, k), budget).chosen[k]);
        expect(reach(items, budget)).toEqual(chosen);
      }),
      { numRuns: 300, seed: 2 },
    );
  });

  it('holds what a smaller budget reaches', () => {
    fc.assert(
      fc.property(cases, ([items, a, b]) => {
        for (const reach of [reachExact, reachGreenTrainer]) {
          const [less, more] = [reach(items, Math.min(a, b)), reach(items, Math.max(a, b))];
          less.forEach((on, i) => expect(on && !more[i]).toBe(false));
        }
      }),
      { numRuns: 500, seed: 3 },
    );
  });
});

type Reaching = (items: readonly Item[], budget: number) => boolean[];
type Selecting = (items: readonly Item[], budget: number) => { chosen: boolean[] };

describe('a selection', () => {
  it.each<[string, Reaching, Selecting]>([
    ['exact', reachExact, selectExact],
    ['exact on a coarse grid', reachExact, (items, budget) => selectExact(items, budget, 40)],
    ['greentrainer', reachGreenTrainer, selectGreenTrainer],
    [
      'greentrainer on few levels',
      (items, budget) => reachGreenTrainer(items, budget, 25),
      (items, budget) => selectGreenTrainer(items, budget, 25),
    ],
  ])('is the same when importance out of reach is not known: %s', (_, reach, select) => {
    fc.assert(
      fc.property(cases, fc.array(importance, { minLength: 9, maxLength: 9 }), ([items, a, b], others) => {
        const reached = reach(items, Math.max(a, b));
        const beyond = (other: (i: number) => number) =>
          items.map((x, i) => ({ ...x, importance: reached[i] ? x.importance : other(i) }));
        for (const budget of [a, b]) {
          const { chosen } = select(items, budget);
          expect(select(beyond(() => 0), budget).chosen).toEqual(chosen); // prettier-ignore
          expect(select(beyond((i) => others[i]!), budget).chosen).toEqual(chosen); // prettier-ignore
          expect(chosen.some((on, i) => on && !reached[i])).toBe(false);
        }
      }),
      { numRuns: 500, seed: 4 },
    );
  });

  it.each([
    ['exact', selectExact],
    ['greentrainer', selectGreenTrainer],
  ])('does not depend on the unit of importance: %s', (_, select) => {
    const factor = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
    // numbers without a pattern, so that no two sums are equal
    const values = fc.array(fc.noBias(fc.integer({ min: -1_000_000, max: 2_000_000 })), {
      minLength: 9,
      maxLength: 9,
    });
    fc.assert(
      fc.property(cases, factor, values, ([costs, budget], unit, worth) => {
        const items = (by: number) => costs.map((x, i) => ({ ...x, importance: worth[i]! * by }));
        expect(select(items(unit), budget).chosen).toEqual(select(items(1), budget).chosen);
      }),
      { numRuns: 500, seed: 5 },
    );
  });
});

describe('Partition from a profile of what rho 0.6 reaches', () => {
  const all = profile(6);
  const part = within(all, 0.6);

  it('misses some tensors, and measures importance in a unit of its own', () => {
    expect(part.entries.filter((e) => !e.reached).length).toBeGreaterThan(0);
    expect(Math.max(...part.entries.map((e) => Math.abs(e.importance)))).toBe(1);
  });

  it.each(['exact', 'greentrainer'] as const)(
    'is the whole profile’s at that rho and any smaller one: %s',
    (solver) => {
      for (const rho of [0, 0.1, 0.3, 0.36, 0.4, 0.45, 0.5, 0.55, 0.59, 0.6]) {
        const [a, b] = [all, part].map((p) => Partition.solve(p, { rho, solver }));
        expect(a!.entries.map((e) => e.label)).toEqual(b!.entries.map((e) => e.label));
        expect({ ...b!.summary(), importanceKept: 0 }).toEqual({ ...a!.summary(), importanceKept: 0 });
        expect(b!.summary().importanceKept).toBeNaN();
      }
    },
  );

  it('is refused further out, with the way on', () => {
    for (const solver of ['exact', 'greentrainer'] as const) {
      const beyond = () => Partition.solve(part, { rho: 0.9, solver });
      expect(beyond).toThrow(ConfigError);
      expect(beyond).toThrow(
        /rho 0.9 can buy \d+ tensors whose importance was not measured.*profile\(\{ rho: 0.9 \}\)/,
      );
    }
  });

  it('says of what it cannot buy that it is out of reach', () => {
    const reasons = Partition.solve(part, { rho: 0.6 }).entries.map((e) => e.reason);
    const unknown = reasons.filter((_, i) => !part.entries[i]!.reached);
    expect(new Set(unknown)).toEqual(new Set(['out of reach']));
    expect(
      Partition.solve(part, { rho: 0.45 }).entries.filter((e) => e.reason === 'out of reach').length,
    ).toBeGreaterThan(reasons.filter((r) => r === 'out of reach').length);
  });
});

describe('reachOf', () => {
  it('refuses a rho that buys nothing, and names one that does', () => {
    const { entries } = profile(6);
    const parameters = entries.map((e) => e.parameter);
    let least = '';
    try {
      reachOf(0).of(entries, parameters);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      least = /Take rho >= ([\d.]+)/.exec((error as Error).message)![1]!;
    }
    expect(reachOf(Number(least)).of(entries, parameters)).toContain(true);
  });
});
