import { describe, expect, it } from 'vitest';
import { leastMissed, Snapshots } from '../../src/train/snapshots.ts';

const p = { index: 0, name: 'w', shape: [25], size: 25, role: 'q', layer: 0, tied: false } as const;
const state = () => new Map([[p, { w: new Float32Array(25), moments: undefined }]]);

describe('Snapshots', () => {
  it('cover recent steps densely and old ones sparsely within their budget', () => {
    const s = new Snapshots({ every: 1, bytes: 1000 }); // ten of 100 bytes
    for (let step = 1; step <= 200; step++) {
      s.add(step, state());
      expect(s.bytes).toBeLessThanOrEqual(1000);
    }
    const { steps } = s;
    expect(steps.length).toBe(10);
    expect(steps.at(-1)).toBe(200);
    const ages = steps.map((step) => 200 - step);
    const gaps = ages.slice(0, -1).map((age, i) => age - ages[i + 1]!);
    gaps.forEach((gap, i) => expect(gap, `${ages[i]}`).toBeLessThanOrEqual(ages[i]!)); // never more than twice as far back
    expect(ages[0]).toBeGreaterThan(50);
  });

  it('drop the one between the closest neighbours for its age', () => {
    expect(leastMissed([4])).toBe(4);
    expect(leastMissed([10, 11, 12, 100])).toBe(11);
    expect(leastMissed([10, 97, 98, 99])).not.toBe(99);
  });

  it('forget what a rewind has undone, and what does not fit', () => {
    const s = new Snapshots({ every: 5, bytes: 250 });
    s.add(5, state());
    s.add(10, state());
    s.cut(9);
    expect([s.steps, s.bytes]).toEqual([[5], 100]);
    expect([s.due(0), s.due(5), s.due(7), s.due(50)]).toEqual([undefined, 'gradient', undefined, 'all']);
    expect(() => new Snapshots({ every: -1 })).toThrow(/every -1 steps/);
    expect(() => new Snapshots({ bytes: NaN })).toThrow(/NaN bytes/);
  });
});
