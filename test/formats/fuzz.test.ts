import fc from 'fast-check';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../src/data/index.ts';
import { FormatError } from '../../src/errors.ts';
import { GgufFile } from '../../src/formats/gguf/file.ts';
import { openSource, SafetensorsFile, writeSafetensors, type Json } from '../../src/formats/index.ts';
import { byteEdit, editBytes, editJson, jsonEdit } from './mutate.ts';
import { f32, ggufBytes, ints, text, texts, u32, type GgufParts } from './gguf-writer.ts';

/** Files of each kind; HI_ZFO_FUZZ=2000 for a long run, which says how long the slowest took. */
const numRuns = Number(process.env.HI_ZFO_FUZZ ?? 300);

let dir: string;
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'hi-zfo-fuzz-'))));
afterAll(() => rm(dir, { recursive: true }));

/** Runs `read` over mutated files: each is read rightly (which `read` checks) or refused with a FormatError. */
async function everyFile<T>(
  kind: string,
  mutation: fc.Arbitrary<T>,
  read: (mutation: T) => Promise<void>,
): Promise<void> {
  const count = { read: 0, refused: 0 };
  let slowest = 0;
  await fc.assert(
    fc.asyncProperty(mutation, async (m) => {
      const start = performance.now();
      try {
        await read(m);
        count.read++;
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        count.refused++;
      }
      slowest = Math.max(slowest, performance.now() - start);
    }),
    { numRuns, seed: 5, endOnFailure: true },
  );
  expect(count.refused).toBeGreaterThan(numRuns / 10);
  expect(count.read).toBeGreaterThan(numRuns / 50);
  if (process.env.HI_ZFO_FUZZ) {
    const peak = Math.round(process.resourceUsage().maxRSS / 1024);
    console.log(
      `${kind}: ${count.read} read, ${count.refused} refused, slowest ${slowest.toFixed(0)} ms, peak ${peak} MB`,
    );
  }
}

describe('mutated files are read rightly or refused', { timeout: 300_000 }, () => {
  it('safetensors', async () => {
    const path = join(dir, 'case.safetensors');
    await writeSafetensors(path, [
      { name: 'embed', shape: [3, 4], data: Float32Array.from({ length: 12 }, (_, i) => i - 5) },
      { name: 'norm', shape: [4], data: new Float32Array([1, 2, 3, 4]), dtype: 'F16' },
      { name: 'layers.0.w', shape: [2, 2], data: new Float32Array([1, 2, 3, 4]), dtype: 'BF16' },
      { name: 'empty', shape: [0], data: new Float32Array() },
    ]);
    const good = await readFile(path);
    const length = Number(good.readBigUInt64LE());
    const header = good.toString('utf8', 8, 8 + length);
    const mutation = fc.record({
      json: fc.array(jsonEdit, { maxLength: 2 }),
      bytes: fc.array(byteEdit, { maxLength: 2 }),
    });
    await everyFile('safetensors', mutation, async ({ json, bytes }) => {
      const changed = JSON.parse(header) as object;
      editJson(changed, json);
      const head = Buffer.from(JSON.stringify(changed));
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(head.length));
      const file = editBytes(Buffer.concat([size, head, good.subarray(8 + length)]), bytes);
      await writeFile(path, file);
      const opened = await SafetensorsFile.open(path);
      try {
        const data = 8 + Number(file.readBigUInt64LE());
        for (const t of opened.tensors.values()) {
          expect(data + t.end).toBeLessThanOrEqual(file.length);
          const values = await opened.readStored(t.name);
          expect(values.length).toBe(t.shape.reduce((n, d) => n * d, 1));
          if (t.dtype === 'F32' || t.dtype === 'F64') same(values, file, data + t.begin);
        }
      } finally {
        await opened.close();
      }
    });
  });

  it('GGUF', async () => {
    const path = join(dir, 'case.gguf');
    const words = ['<s>', '</s>', 'a', 'b', 'ab', ...Array.from({ length: 40 }, (_, i) => `w${i}`)];
    const rows = (name: string, dimensions: number[], type = 0) => {
      const bytes = dimensions.reduce((n, d) => n * d, 1) * (type === 0 ? 4 : 34 / 32);
      return { name, dimensions, type, data: Uint8Array.from({ length: bytes }, (_, i) => (i * 37) % 128) };
    };
    const good: GgufParts = {
      metadata: [
        ['general.architecture', text('llama')],
        ['llama.block_count', u32(1)],
        ['llama.attention.head_count', u32(2)],
        ['llama.embedding_length', u32(32)],
        ['llama.feed_forward_length', u32(32)],
        ['llama.context_length', u32(64)],
        ['llama.attention.layer_norm_rms_epsilon', f32(1e-5)],
        ['tokenizer.ggml.model', text('gpt2')],
        ['tokenizer.ggml.pre', text('llama-bpe')],
        ['tokenizer.ggml.tokens', texts(words)],
        ['tokenizer.ggml.token_type', ints(words.map((_, i) => (i < 2 ? 3 : 1)))],
        ['tokenizer.ggml.merges', texts(['a b'])],
        ['tokenizer.ggml.bos_token_id', u32(0)],
        ['tokenizer.ggml.eos_token_id', u32(1)],
      ],
      tensors: [
        rows('token_embd.weight', [32, words.length], 8),
        rows('output_norm.weight', [32]),
        rows('blk.0.attn_q.weight', [32, 32]),
        rows('blk.0.ffn_up.weight', [32, 32], 8),
      ],
    };
    const mutation = fc.record({
      json: fc.array(jsonEdit, { maxLength: 2 }),
      bytes: fc.array(byteEdit, { maxLength: 2 }),
    });
    await everyFile('GGUF', mutation, async ({ json, bytes }) => {
      const parts = structuredClone({
        ...good,
        tensors: good.tensors.map((t) => ({ ...t, data: [...t.data] })),
      });
      editJson(parts, json);
      let made: Buffer;
      try {
        const tensors = parts.tensors.map((t) => ({ ...t, data: Uint8Array.from(t.data) }));
        made = ggufBytes({ ...parts, tensors });
      } catch {
        made = ggufBytes(good); // parts that the writer cannot write
      }
      const file = editBytes(made, bytes);
      await writeFile(path, file);
      const opened = await GgufFile.open(path);
      try {
        for (const t of opened.tensors.values()) {
          const count = t.shape.reduce((n, d) => n * d, 1);
          expect(t.at + (count / t.quant.values) * t.quant.bytes).toBeLessThanOrEqual(file.length);
          if (!t.quant.codec) continue;
          const values = await opened.read(t);
          expect(values.length).toBe(count);
          if (t.quant.name === 'F32') same(values, file, t.at);
        }
      } finally {
        await opened.close();
      }
      const source = await openSource(path);
      try {
        for (const name of source.names()) await source.read(name);
        await useTokenizer(loadTokenizer(await source.tokenizer()));
      } finally {
        await source.close();
      }
    });
  });

  it('tokenizer files', async () => {
    const whole = await readFile('models/tiny/tokenizer.json', 'utf8');
    const settings = JSON.parse(await readFile('models/tiny/tokenizer_config.json', 'utf8')) as Json;
    const mutation = fc.record({
      json: fc.array(jsonEdit, { maxLength: 3 }),
      settings: fc.array(jsonEdit, { maxLength: 1 }),
      bytes: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(byteEdit, { maxLength: 2 })),
    });
    await everyFile('tokenizer files', mutation, async (m) => {
      const file = JSON.parse(whole) as object;
      editJson(file, m.json);
      await writeFile(join(dir, 'tokenizer.json'), editBytes(Buffer.from(JSON.stringify(file)), m.bytes));
      const changed = { ...settings };
      editJson(changed, m.settings);
      await writeFile(join(dir, 'tokenizer_config.json'), JSON.stringify(changed));
      await useTokenizer(loadTokenizer(dir));
    });
  });
});

/** The values are those that the file holds at byte `at`. */
function same(values: Float32Array | Float64Array, file: Buffer, at: number): void {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  expect(bytes.equals(file.subarray(at, at + bytes.length))).toBe(true);
}

/** A tokenizer that loads gives ids of its vocabulary for texts that were not in the mind of who wrote it, and texts back. */
async function useTokenizer(loading: ReturnType<typeof loadTokenizer>): Promise<void> {
  const tokenizer = await loading;
  const ids = (given: readonly number[]) =>
    expect(given.every((id) => Number.isInteger(id) && id >= 0 && id < tokenizer.size)).toBe(true);
  ids([tokenizer.eos, tokenizer.pad, ...tokenizer.prefix]);
  for (const said of ['', 'ab ba 12 aaaaaaaa', 'Zoë 你好 \u0000\n\n  x']) {
    const encoded = tokenizer.encode(said);
    ids(encoded);
    expect(typeof tokenizer.decode(encoded)).toBe('string');
  }
}
