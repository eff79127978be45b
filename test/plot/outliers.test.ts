import { describe, expect, it } from 'vitest';
import { cutAbove } from '../../src/plot/outliers.ts';

const flat = (n: number) => Array.from({ length: n }, (_, i) => 1 + i / n);

describe('where an axis is cut', () => {
  it('above a value that would flatten all others', () => {
    const top = cutAbove([...flat(40), 50])!;
    expect(top).toBeGreaterThan(2);
    expect(top).toBeLessThan(50);
    expect(cutAbove([...flat(40), 4])).toBeUndefined();
  });

  it('not among few tensors, whose bars are wide: all of them are shown as they are', () => {
    expect(cutAbove([74.9, 23.4, 1.2, 0.5])).toBeUndefined();
    expect(cutAbove([...flat(10), 50])).toBeUndefined();
  });
});
