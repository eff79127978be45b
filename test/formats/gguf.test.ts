import { gguf } from '@huggingface/gguf';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/errors.ts';
import { GgufFile } from '../../src/formats/gguf/file.ts';
import { quantNamed } from '../../src/formats/gguf/quants.ts';
import { openSource } from '../../src/formats/index.ts';
import { readJson } from '../goldens.ts';

// made by scripts/goldens-gguf.py with llama.cpp's own package
const goldens = join('test', 'goldens', 'gguf');
const known = Array.from({ length: 64 }, (_, type) => quantNamed(type) ?? []).flat();
const quants = new Map(known.map((q) => [q.name, q]));

describe('dequantization', () => {
  const blocks = readJson<Record<string, { bytes: string; values: string }>>(goldens, 'blocks.json');

  it('is tested for every element type that is read', () => {
    const read = [...quants.values()].filter((q) => q.codec).map((q) => q.name);
    expect(read.sort()).toEqual(Object.keys(blocks).sort());
  });

  it.each(Object.entries(blocks))('gives the values of %s to the bit', (name, golden) => {
    const bytes = Buffer.from(golden.bytes, 'base64');
    const want = new Float32Array(new Uint8Array(Buffer.from(golden.values, 'base64')).buffer);
    const got = new Float32Array(want.length);
    quants.get(name)!.codec!.decode(bytes, got);
    expect(got).toEqual(want);
  });
});

interface Model {
  config: Record<string, unknown>;
  tensors: Record<string, [shape: number[], digest: string]>;
}

describe('a GGUF file as a model', () => {
  const models = readJson<Record<string, Model>>(goldens, 'models.json');

  it.each(Object.entries(models))('%s has the tensors of its Hugging Face folder', async (name, want) => {
    const source = await openSource(join(goldens, `${name}.gguf`));
    expect(source.names().sort()).toEqual(Object.keys(want.tensors).sort());
    for (const [tensor, [shape, digest]] of Object.entries(want.tensors)) {
      expect(source.info(tensor).shape, tensor).toEqual(shape);
      const values = await source.read(tensor);
      const bytes = new Uint8Array(values.buffer);
      expect(createHash('sha256').update(bytes).digest('hex').slice(0, 16), tensor).toBe(digest);
    }
    await source.close();
  });

  it.each(Object.entries(models))('%s has the config of its Hugging Face folder', async (name, want) => {
    const source = await openSource(join(goldens, `${name}.gguf`));
    const { rope_parameters: rope, ...rest } = want.config;
    if (rest.pad_token_id === null) delete rest.pad_token_id;
    expect(source.config).toMatchObject(rest);
    if (rope) {
      const { rope_theta, rope_type, ...more } = rope as Record<string, unknown>;
      expect(source.config.rope_theta).toBe(rope_theta);
      expect(source.config.rope_scaling).toEqual(
        rope_type === 'default' ? undefined : { rope_type, ...more },
      );
    }
    await source.close();
  });

  it('says which tensors and files are not there', async () => {
    const source = await openSource(join(goldens, 'qwen2.gguf'));
    await expect(source.read('lm_head.weight')).rejects.toThrow(/has no tensor lm_head\.weight/);
    await source.close();
    await expect(openSource('nowhere.gguf')).rejects.toThrow(FormatError);
    await expect(openSource('nowhere.gguf')).rejects.toThrow(/Cannot open nowhere\.gguf/);
  });
});

describe('GgufFile', () => {
  const files = [...Object.keys(readJson<Record<string, Model>>(goldens, 'models.json')), 'spm'];

  it.each(files)('reads the header of %s as @huggingface/gguf does', async (name) => {
    const path = join(goldens, `${name}.gguf`);
    const file = await GgufFile.open(path);
    const { metadata, tensorInfos, tensorDataOffset } = await gguf(path, { allowLocalFile: true });
    const { version, tensor_count, kv_count, ...entries } = metadata as Record<string, unknown>;
    expect([version, tensor_count, kv_count]).toEqual([
      3,
      BigInt(file.tensors.size),
      BigInt(file.metadata.size),
    ]);
    expect(Object.fromEntries(file.metadata)).toEqual(entries);
    expect(
      [...file.tensors.values()].map((t) => [t.name, t.quant, t.shape.map(BigInt).reverse(), BigInt(t.at)]),
    ).toEqual(tensorInfos.map((t) => [t.name, quantNamed(t.dtype), t.shape, tensorDataOffset + t.offset]));
    await file.close();
  });
});
