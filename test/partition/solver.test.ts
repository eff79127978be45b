import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measure, selectExact, selectGreenTrainer, type Item } from '../../src/partition/index.ts';
import { readJson } from '../goldens.ts';

interface Case {
  t_dy: number[];
  t_dw: number[];
  importance: number[];
  budget: number;
  greentrainer: { value: number; mask: number[]; cost: number };
  best: number;
}

const cases = readJson<Case[]>(import.meta.dirname, '..', 'goldens', 'partition.json');
/** The goldens list the output side first. */
const itemsOf = (c: Case): Item[] =>
  c.t_dy.map((dy, i) => ({ dy, dw: c.t_dw[i]!, importance: c.importance[i]! })).reverse();

const item = (cost: fc.Arbitrary<number>) =>
  fc.record({ importance: fc.double({ min: -1, max: 2, noNaN: true }), dy: cost, dw: cost });

function bruteForce(items: readonly Item[], budget: number): number {
  let best = 0;
  for (let bits = 1; bits < 1 << items.length; bits++) {
    const m = measure(
      items,
      items.map((_, i) => ((bits >> i) & 1) === 1),
    );
    if (m.cost <= budget) best = Math.max(best, m.importance);
  }
  return best;
}

describe('selectExact', () => {
  it('reaches the optimum of every golden case within its budget', () => {
    for (const c of cases) {
      const s = selectExact(itemsOf(c), c.budget, 1e6);
      expect(s.cost).toBeLessThanOrEqual(c.budget);
      expect(s.importance).toBeCloseTo(c.best, 9);
    }
  });

  it('equals brute force on 1,000 random cases', () => {
    fc.assert(
      fc.property(
        fc.array(item(fc.nat(12)), { minLength: 1, maxLength: 9 }),
        fc.nat(120),
        (items, budget) => {
          const s = selectExact(items, budget);
          expect(s.cost).toBeLessThanOrEqual(budget);
          expect(s.importance).toBeCloseTo(bruteForce(items, budget), 9);
        },
      ),
      { numRuns: 1000, seed: 5 },
    );
  });

  it('never overspends on real-valued costs, and stays close to brute force on a coarse grid', () => {
    const real = fc.double({ min: 0, max: 7, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(item(real), { minLength: 1, maxLength: 8 }),
        fc.double({ min: 0, max: 60, noNaN: true }),
        (items, budget) => {
          const coarse = selectExact(items, budget, 40);
          expect(coarse.cost).toBeLessThanOrEqual(budget);
          const fine = selectExact(items, budget);
          expect(fine.cost).toBeLessThanOrEqual(budget);
          expect(fine.importance).toBeGreaterThanOrEqual(bruteForce(items, budget * (1 - 1e-3)) - 1e-9);
        },
      ),
      { numRuns: 300, seed: 6 },
    );
  });

  it('takes everything worth taking when the budget covers it, the input-most tensor included', () => {
    const items: Item[] = [
      { importance: 1, dy: 3, dw: 2 },
      { importance: -1, dy: 3, dw: 2 },
      { importance: 1, dy: 3, dw: 2 },
    ];
    expect(selectExact(items, 13).chosen).toEqual([true, false, true]);
    expect(selectExact(items, 0).chosen).toEqual([false, false, false]);
  });
});

describe('selectGreenTrainer', () => {
  it('gives the masks of its own code', () => {
    for (const c of cases) {
      const s = selectGreenTrainer(itemsOf(c), c.budget, 1e9);
      expect([...s.chosen].reverse().map(Number)).toEqual(c.greentrainer.mask);
    }
  });
});
