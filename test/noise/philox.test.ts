import { describe, expect, it } from 'vitest';
import { philoxBlock } from '../../src/noise/index.ts';
import { goldens, words } from './goldens.ts';

describe('philoxBlock', () => {
  it.each(goldens.random123_kat)(
    'gives the known answer of Random123 at $counter',
    ({ counter, key, out }) => {
      const block = new Uint32Array(4);
      const [c0, c1, c2, c3] = counter as [number, number, number, number];
      philoxBlock(block, c0, c1, c2, c3, key[0]!, key[1]!);
      expect([...block]).toEqual(out);
    },
  );

  it.each(goldens.rows)('gives the integers of TensorFlow under $key_hex from $counter_hex', (row) => {
    const [k0, k1] = words(row.key_hex);
    const start = BigInt(row.counter_hex[0]) + (BigInt(row.counter_hex[1]) << 64n);
    const block = new Uint32Array(4);
    const drawn = row.uint32.map((_, i) => {
      const counter = BigInt.asUintN(128, start + BigInt(i >> 2));
      const c = [0n, 32n, 64n, 96n].map((shift) => Number((counter >> shift) & 0xffffffffn));
      philoxBlock(block, c[0]!, c[1]!, c[2]!, c[3]!, k0, k1);
      return block[i % 4];
    });
    expect(drawn).toEqual(row.uint32);
  });
});
