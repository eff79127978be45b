import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FormatError } from '../../src/errors.ts';
import { WeightFiles, writeWeights, type TensorToWrite } from '../../src/formats/index.ts';

let dir: string;
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), 'hi-zfo-'))));
afterEach(() => rm(dir, { recursive: true }));

const tensors = (dtype?: 'F16' | 'BF16'): TensorToWrite[] =>
  [3, 5, 1, 40, 2].map((n, i) => ({
    name: `layers.${i}.w`,
    shape: [n, 2],
    data: Float32Array.from({ length: 2 * n }, (_, k) => (k - i) / 8), // exact in every type
    dtype,
  }));

async function readBack(): Promise<Map<string, Float32Array>> {
  const files = await WeightFiles.open(dir);
  const all = new Map<string, Float32Array>();
  for (const name of files.names()) all.set(name, await files.read(name));
  await files.close();
  return all;
}

describe('writeWeights', () => {
  it.each([undefined, 'F16', 'BF16'] as const)('gives back what was written, as %s', async (dtype) => {
    await writeWeights(dir, tensors(dtype));
    expect(await readdir(dir)).toEqual(['model.safetensors']);
    const files = await WeightFiles.open(dir);
    expect(files.info('layers.3.w')).toMatchObject({ dtype: dtype ?? 'F32', shape: [40, 2] });
    await files.close();
    const all = await readBack();
    for (const t of tensors()) expect(all.get(t.name)).toEqual(t.data);
  });

  it('cuts into shards with an index, no tensor in two, large ones alone', async () => {
    await writeWeights(dir, tensors(), { shardBytes: 64 }); // of 24, 40, 8, 320 and 16 bytes
    const shard = (i: number) => `model-0000${i}-of-00004.safetensors`;
    const index = 'model.safetensors.index.json';
    expect((await readdir(dir)).sort()).toEqual([shard(1), shard(2), shard(3), shard(4), index]);
    expect(JSON.parse(await readFile(join(dir, index), 'utf8'))).toEqual({
      metadata: { total_size: 24 + 40 + 8 + 320 + 16 },
      weight_map: Object.fromEntries([1, 1, 2, 3, 4].map((n, i) => [`layers.${i}.w`, shard(n)])),
    });
    const all = await readBack();
    for (const t of tensors()) expect(all.get(t.name)).toEqual(t.data);
  });

  it('says which value does not fit its element type', async () => {
    const big = { name: 'embed', shape: [1], data: new Float32Array([1e6]), dtype: 'F16' as const };
    await expect(writeWeights(dir, [big])).rejects.toThrow(/embed holds 1000000, which F16 cannot hold/);
  });
});

describe('WeightFiles', () => {
  it.each([
    ['a file outside the folder', { a: '../model.safetensors' }, /no usable weight_map/],
    ['the folder above', { a: '..' }, /no usable weight_map/],
    ['a shard that is not there', { a: 'model-00009-of-00009.safetensors' }, /Cannot open/],
    ['a tensor in the wrong shard', { 'layers.0.w': 'model-00003-of-00004.safetensors' }, /layers\.0\.w/],
    ['no names', {}, /no usable weight_map/],
  ])('refuses an index with %s', async (_, map, message) => {
    await writeWeights(dir, tensors(), { shardBytes: 64 });
    await writeFile(join(dir, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
    await expect(WeightFiles.open(dir)).rejects.toThrow(message);
    await expect(WeightFiles.open(dir)).rejects.toThrow(FormatError);
  });
});
