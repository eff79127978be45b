import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { cutRows, type TokenBatch } from '../../src/model/index.ts';

/** Five rows of three tokens; the row in the middle has no supervised token. */
const batch: TokenBatch = {
  ids: Int32Array.from({ length: 15 }, (_, i) => i),
  batch: 5,
  length: 3,
  positions: Int32Array.of(0, 1, 4, 9, 13),
  targets: Int32Array.of(1, 2, 5, 10, 14),
};

describe('a batch in pieces', () => {
  it('holds every row once, and every supervised token at its place', () => {
    const pieces = cutRows(batch, 2);
    expect(pieces.map((p) => p.batch)).toEqual([2, 2, 1]);
    expect(pieces.flatMap((p) => [...p.ids])).toEqual([...batch.ids]);
    for (const piece of pieces) {
      expect([...piece.positions].map((at) => piece.ids[at]! + 1)).toEqual([...piece.targets]);
    }
    expect(pieces.flatMap((p) => [...p.targets])).toEqual([...batch.targets]);
  });

  it('leaves out a piece that supervises nothing, and is the batch itself when it fits', () => {
    expect(cutRows(batch, 1).map((p) => [...p.ids][0])).toEqual([0, 3, 9, 12]);
    expect(cutRows(batch, 5)).toEqual([batch]);
  });

  it.each([0, -1, 1.5, NaN])('refuses %s rows', (rows) => {
    expect(() => cutRows(batch, rows)).toThrow(ConfigError);
  });
});
