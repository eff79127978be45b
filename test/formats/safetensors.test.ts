import fc from 'fast-check';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FormatError } from '../../src/errors.ts';
import { SafetensorsFile, writeFolder, writeSafetensors } from '../../src/formats/index.ts';
import { widen } from '../../src/formats/dtype.ts';

let dir: string;
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'hi-zfo-'))));
afterAll(() => rm(dir, { recursive: true }));

async function fileOf(header: unknown, data: Uint8Array, length?: bigint): Promise<string> {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(length ?? BigInt(Buffer.byteLength(text)));
  const path = join(dir, 'case.safetensors');
  await writeFile(path, Buffer.concat([head, Buffer.from(text), data]));
  return path;
}

describe('SafetensorsFile', () => {
  it('reads back what was written', async () => {
    const path = join(dir, 'round.safetensors');
    const shapes = fc.array(fc.array(fc.nat(4), { maxLength: 3 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(shapes, async (all) => {
        const tensors = all.map((shape, i) => ({
          name: `t${i}`,
          shape,
          data: Float32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, (_, k) => k / 7 - i),
        }));
        await writeSafetensors(path, tensors, { from: 'test' });
        const file = await SafetensorsFile.open(path);
        expect(file.metadata.get('from')).toBe('test');
        for (const t of tensors) expect(await file.read(t.name)).toEqual(t.data);
        await file.close();
      }),
      { numRuns: 30, seed: 2 },
    );
  });

  const f32 = (extra: object = {}) => ({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...extra } });
  it.each([
    ['a header longer than the file', f32(), 8, 10_000n, /claims 10000 bytes/],
    ['a header longer than 100 MB', f32(), 8, 1n << 40n, /more than 100000000/],
    ['no JSON', '{"a": ', 0, undefined, /not JSON/],
    ['not an object', '[1, 2, 3]', 0, undefined, /does not start with "\{"/],
    ['data cut short', f32(), 4, undefined, /lies at 0\.\.8 of 4/],
    ['data too long', f32(), 12, undefined, /need 8 bytes of data, the file holds 12/],
    ['an unknown dtype', f32({ dtype: 'F8_E5M2' }), 8, undefined, /dtype "F8_E5M2"/],
    ['a dtype from the prototype', f32({ dtype: 'toString' }), 8, undefined, /dtype "toString"/],
    ['a negative shape', f32({ shape: [-2] }), 8, undefined, /shape \[-2\]/],
    ['a shape that does not fit', f32({ shape: [3] }), 8, undefined, /needs 12 bytes, has 8/],
    ['an overflowing shape', f32({ shape: [2 ** 40, 2 ** 40] }), 8, undefined, /needs/],
    [
      'an overlap',
      { ...f32(), b: { dtype: 'F32', shape: [2], data_offsets: [4, 12] } },
      12,
      undefined,
      /expected 8/,
    ],
    ['a hole', { b: { dtype: 'F32', shape: [1], data_offsets: [4, 8] } }, 8, undefined, /expected 0/],
    ['metadata that is no text', { __metadata__: { x: 1 }, ...f32() }, 8, undefined, /__metadata__\.x/],
  ])('refuses %s', async (_, header, bytes, length, message) => {
    const path = await fileOf(header, new Uint8Array(bytes), length);
    await expect(SafetensorsFile.open(path)).rejects.toThrow(message);
    await expect(SafetensorsFile.open(path)).rejects.toThrow(FormatError);
  });

  it('gives a right read or a FormatError on any mutation of a good file', async () => {
    const good = join(dir, 'good.safetensors');
    await writeSafetensors(good, [{ name: 'w', shape: [2, 3], data: new Float32Array([1, 2, 3, 4, 5, 6]) }]);
    const bytes = await readFile(good);
    const path = join(dir, 'mutated.safetensors');
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length - 1),
        fc.nat(255),
        fc.nat(bytes.length),
        async (at, value, cut) => {
          const copy = Buffer.from(bytes.subarray(0, Math.max(at + 1, cut)));
          copy[at] = value;
          await writeFile(path, copy);
          try {
            const file = await SafetensorsFile.open(path);
            for (const t of file.tensors.values())
              expect((await file.readStored(t.name)).length).toBe(t.shape.reduce((n, d) => n * d, 1));
            await file.close();
          } catch (error) {
            expect(error).toBeInstanceOf(FormatError);
          }
        },
      ),
      { numRuns: 500, seed: 3 },
    );
  });

  it('widens half and bfloat16 exactly', () => {
    const halves = Buffer.from(new Uint16Array([0x3c00, 0xc000, 0x0001, 0x03ff, 0x7c00, 0x8000]).buffer);
    expect([...widen('F16', halves)]).toEqual([1, -2, 2 ** -24, 1023 * 2 ** -24, Infinity, -0]);
    const brains = Buffer.from(new Uint16Array([0x3f80, 0xc049]).buffer);
    expect([...widen('BF16', brains)]).toEqual([1, -3.140625]);
  });
});

describe('writeFolder', () => {
  it('replaces a folder whole, or leaves it as it was', async () => {
    const target = join(dir, 'run');
    await writeFolder(target, (d) => writeFile(join(d, 'a'), 'one'));
    await expect(
      writeFolder(target, async (d) => {
        await writeFile(join(d, 'a'), 'two');
        throw new Error('disk full');
      }),
    ).rejects.toThrow('disk full');
    expect(await readFile(join(target, 'a'), 'utf8')).toBe('one');
    await writeFolder(target, (d) => writeFile(join(d, 'b'), 'three'));
    expect(await readdir(target)).toEqual(['b']);
    expect((await readdir(dir)).filter((f) => f.startsWith('.run'))).toEqual([]);
  });
});
