import fc from 'fast-check';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FormatError } from '../../src/errors.ts';
import { SafetensorsFile, writeSafetensors } from '../../src/formats/index.ts';

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
    ['an unknown dtype', f32({ dtype: 'F8_E9' }), 8, undefined, /dtype "F8_E9"/],
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

  it('opens files with other element types and refuses to read them as weights', async () => {
    const header = {
      mask: { dtype: 'BOOL', shape: [8], data_offsets: [0, 8] },
      ids: { dtype: 'I64', shape: [1], data_offsets: [8, 16] },
      wide: { dtype: 'F64', shape: [1], data_offsets: [16, 24] },
    };
    const data = new Uint8Array(24);
    new DataView(data.buffer).setFloat64(16, 0.1, true);
    const file = await SafetensorsFile.open(await fileOf(header, data));
    for (const name of ['mask', 'ids', 'wide'])
      await expect(file.read(name)).rejects.toThrow(
        new RegExp(`${name} is ${file.tensors.get(name)!.dtype}; weights must be F32, F16 or BF16`),
      );
    expect(await file.readStored('wide')).toEqual(new Float64Array([0.1]));
    await expect(file.read('none')).rejects.toThrow(/no tensor none\. It holds 3, such as mask/);
    await file.close();
  });
});
