import { describe, expect, it } from 'vitest';
import { plain } from '../../src/formats/codec.ts';
import { narrow } from '../../src/formats/narrow.ts';
import { ConfigError } from '../../src/errors.ts';

function widen(dtype: 'F16' | 'BF16', words: number[]): number[] {
  const out = new Float32Array(words.length);
  plain[dtype].decode(Buffer.from(new Uint16Array(words).buffer), out);
  return [...out];
}

const words = (bytes: Uint8Array) => [
  ...new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2),
];

describe('widening', () => {
  it('is exact for halves and bfloat16', () => {
    expect(widen('F16', [0x3c00, 0xc000, 0x0001, 0x03ff, 0x0400, 0x7bff, 0x7c00, 0x8000])).toEqual([
      1,
      -2,
      2 ** -24,
      1023 * 2 ** -24,
      2 ** -14,
      65504,
      Infinity,
      -0,
    ]);
    expect(widen('F16', [0x7e00])).toEqual([NaN]);
    expect(widen('BF16', [0x3f80, 0xc049, 0x0001, 0x8000])).toEqual([1, -3.140625, 2 ** -133, -0]);
  });
});

describe('narrowing', () => {
  it.each(['F16', 'BF16'] as const)('gives every %s back', (dtype) => {
    const all = Array.from({ length: 1 << 16 }, (_, w) => w);
    const values = widen(dtype, all);
    const kept = all.filter((w) => !Number.isNaN(values[w]));
    const back = words(
      narrow(
        dtype,
        Float32Array.from(kept, (w) => values[w]!),
        'w',
      ),
    );
    expect(back).toEqual(kept);
    expect(widen(dtype, words(narrow(dtype, new Float32Array([NaN]), 'w')))).toEqual([NaN]);
  });

  it.each(['F16', 'BF16'] as const)('rounds to the nearest %s, ties to even', (dtype) => {
    // the grid of all finite values, against which the nearest is found by search
    const infinite = dtype === 'F16' ? 0x7c00 : 0x7f80;
    const grid = widen(
      dtype,
      Array.from({ length: infinite }, (_, w) => w),
    );
    const nearest = (x: number): number => {
      let [low, high] = [0, infinite - 1];
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (grid[middle]! <= x) low = middle;
        else high = middle;
      }
      const [below, above] = [x - grid[low]!, grid[high]! - x];
      if (below === above) return low % 2 === 0 ? low : high;
      return below < above ? low : high;
    };
    const samples: number[] = [];
    for (let i = 0; i < 4000; i++) {
      const w = (i * 7919) % (infinite - 1);
      const [a, b] = [grid[w]!, grid[w + 1]!];
      samples.push(a + (b - a) / 2, a + (b - a) * 0.499, a + (b - a) * 0.501, a);
    }
    const singles = Float32Array.from(samples);
    const got = words(narrow(dtype, singles, 'w'));
    expect(got).toEqual([...singles].map(nearest));
    expect(
      words(
        narrow(
          dtype,
          singles.map((x) => -x),
          'w',
        ),
      ),
    ).toEqual(got.map((w) => w | 0x8000));
  });

  it('refuses what would become infinite, naming the tensor', () => {
    expect(words(narrow('F16', new Float32Array([65519]), 'w'))).toEqual([0x7bff]);
    expect(() => narrow('F16', new Float32Array([1, 65520]), 'layers.1.w')).toThrow(ConfigError);
    expect(() => narrow('F16', new Float32Array([1, 65520]), 'layers.1.w')).toThrow(
      /layers\.1\.w holds 65520, which F16 cannot hold\. Write F32 or BF16/,
    );
    expect(() => narrow('BF16', new Float32Array([3.4e38]), 'w')).toThrow(/which BF16 cannot hold/);
    expect(widen('F16', words(narrow('F16', new Float32Array([-Infinity]), 'w')))).toEqual([-Infinity]);
  });
});
