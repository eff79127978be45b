import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collate } from '../../src/data/batch.ts';
import { encodeExample, type EncodedExample } from '../../src/data/encode.ts';
import { epochOrder, Sampler } from '../../src/data/sampler.ts';
import type { Tokenizer } from '../../src/data/task.ts';
import { ConfigError } from '../../src/errors.ts';

/** One token per character: its code plus 2. */
const tokenizer: Tokenizer = {
  size: 130,
  eos: 1,
  pad: 0,
  encode: (text) => [...text].map((c) => c.charCodeAt(0) + 2),
  decode: (ids) => ids.map((id) => String.fromCharCode(id - 2)).join(''),
};
const letters = fc.string({ unit: fc.constantFrom(...'abcdef'), maxLength: 12 });

describe('encodeExample', () => {
  it('joins prompt, completion and end', () => {
    const { ids, supervised } = encodeExample(tokenizer, { prompt: 'abc', completion: 'de' }, 6);
    expect(tokenizer.decode(ids.slice(0, -1))).toBe('abcde');
    expect(ids.at(-1)).toBe(tokenizer.eos);
    expect(supervised).toEqual([[3, 6]]);
  });

  it('keeps the completion whole and the end of the prompt', () => {
    fc.assert(
      fc.property(letters, letters, fc.integer({ min: 15, max: 30 }), (prompt, completion, maxLength) => {
        const { ids, supervised } = encodeExample(tokenizer, { prompt, completion }, maxLength);
        const [[from, to]] = supervised as [[number, number]];
        expect(to).toBe(ids.length);
        expect(ids.length).toBe(Math.min(maxLength, prompt.length + completion.length + 1));
        expect(tokenizer.decode(ids.slice(from, -1))).toBe(completion);
        expect(prompt.endsWith(tokenizer.decode(ids.slice(0, from)))).toBe(true);
      }),
    );
  });

  it('refuses a completion that does not fit beside one token of the prompt', () => {
    const example = { prompt: 'abc', completion: 'defg' };
    expect(encodeExample(tokenizer, example, 6).supervised).toEqual([[1, 6]]);
    expect(() => encodeExample(tokenizer, example, 5)).toThrow(ConfigError);
    expect(() => encodeExample(tokenizer, example, 5)).toThrow(/maxLength is 5.* 6 tokens/s);
  });
});

describe('collate', () => {
  it('supervises completion and end by the position before', () => {
    const rows = ['ab|c', 'a|bcd'].map((text) => {
      const [prompt, completion] = text.split('|') as [string, string];
      return encodeExample(tokenizer, { prompt, completion }, 9);
    });
    const batch = collate(rows, { pad: 0, maxLength: 9 });
    const [a, b, c, d] = tokenizer.encode('abcd') as [number, number, number, number];
    expect(batch).toEqual({
      ids: Int32Array.from([a, b, c, 1, 0, a, b, c, d, 1]),
      batch: 2,
      length: 5,
      positions: Int32Array.from([1, 2, 5, 6, 7, 8]),
      targets: Int32Array.from([c, 1, b, c, d, 1]),
    });
  });

  it('keeps rows, pads right, and each target is the token after its position', () => {
    const row = fc
      .record({
        ids: fc.array(fc.integer({ min: 2, max: 99 }), { minLength: 1, maxLength: 12 }),
        from: fc.nat(12),
      })
      .map(({ ids, from }): EncodedExample => {
        const middle = Math.min(from, ids.length);
        const split = (middle + ids.length) >> 1; // two parts with a gap between them, as in a conversation
        return {
          ids,
          supervised: [
            [middle, split],
            [Math.min(split + 1, ids.length), ids.length],
          ],
        };
      });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 6 }), (rows) => {
        const { ids, batch, length, positions, targets } = collate(rows, { pad: 0, maxLength: 12 });
        expect([ids.length, batch]).toEqual([batch * length, rows.length]);
        rows.forEach((r, b) => {
          const padded = [...r.ids, ...Array<number>(length - r.ids.length).fill(0)];
          expect([...ids.slice(b * length, (b + 1) * length)]).toEqual(padded);
        });
        const learnt = rows.map((r) =>
          r.ids.flatMap((_, t) =>
            t > 0 && r.supervised.some(([from, to]) => t >= from && t < to) ? [t] : [],
          ),
        );
        const supervised = learnt.flat().length;
        expect([positions.length, targets.length]).toEqual([supervised, supervised]);
        positions.forEach((p, i) => {
          expect((p % length) + 1).toBeLessThan(length);
          expect(targets[i]).toBe(ids[p + 1]);
          expect(learnt[Math.floor(p / length)]).toContain((p % length) + 1);
          if (i > 0) expect(p).toBeGreaterThan(positions[i - 1]!);
        });
      }),
    );
  });

  it('refuses no rows, empty rows and rows that are too long', () => {
    const options = { pad: 0, maxLength: 2 };
    for (const rows of [
      [],
      [{ ids: [], supervised: [] }],
      [{ ids: [3, 4, 5], supervised: [[1, 3]] as const }],
    ]) {
      expect(() => collate(rows, options)).toThrow(ConfigError);
    }
  });
});

describe('Sampler', () => {
  it('shows every example once an epoch, in an order of (seed, epoch)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.nat(9), fc.nat(9), (count, seed, epoch) => {
        const order = epochOrder(count, seed, epoch);
        expect([...order].sort((x, y) => x - y)).toEqual(Array.from({ length: count }, (_, i) => i));
        expect(epochOrder(count, seed, epoch)).toEqual(order);
      }),
    );
    expect(epochOrder(50, 1, 0)).not.toEqual(epochOrder(50, 1, 1));
    expect(epochOrder(50, 1, 0)).not.toEqual(epochOrder(50, 2, 0));
  });

  it('gives the same batch at a step whatever was asked before, epochs joined without a gap', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(99),
        (count, size, seed) => {
          const forward = new Sampler(count, size, seed);
          const drawn = Array.from({ length: 12 }, (_, step) => forward.batchAt(step));
          const stream = Array.from({ length: 12 * size }, (_, i) => {
            return epochOrder(count, seed, Math.floor(i / count))[i % count];
          });
          expect(drawn.flat()).toEqual(stream);
          const resumed = new Sampler(count, size, seed);
          for (const step of [11, 0, 7, 3]) expect(resumed.batchAt(step)).toEqual(drawn[step]);
        },
      ),
    );
  });

  it('refuses an empty task and a batch of none', () => {
    expect(() => new Sampler(0, 4, 1)).toThrow(ConfigError);
    expect(() => new Sampler(5, 0, 1)).toThrow(ConfigError);
  });
});
