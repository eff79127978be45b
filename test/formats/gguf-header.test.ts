import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FormatError } from '../../src/errors.ts';
import { GgufFile } from '../../src/formats/gguf/file.ts';
import { openSource } from '../../src/formats/index.ts';
import { f32, ggufBytes, text, texts, u32, type GgufParts } from './gguf-writer.ts';

let dir: string;
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'hi-zfo-gguf-'))));
afterAll(() => rm(dir, { recursive: true }));

async function fileOf(bytes: Buffer): Promise<string> {
  const path = join(dir, 'case.gguf');
  await writeFile(path, bytes);
  return path;
}

const zeros = (n: number) => new Uint8Array(n);
const F32 = 0;
const Q8 = 8;
const tensor = { name: 'w', dimensions: [4, 2], type: F32, data: zeros(32) };
const parts = (change: Partial<GgufParts> = {}): Buffer =>
  ggufBytes({ metadata: [['a', u32(1)]], tensors: [tensor], ...change });

describe('the header of a GGUF file', () => {
  it('gives metadata and tensors, the fastest dimension last', async () => {
    const file = await GgufFile.open(
      await fileOf(
        parts({
          metadata: [
            ['a', u32(1)],
            ['b', texts(['x', 'é'])],
          ],
        }),
      ),
    );
    expect([...file.metadata]).toEqual([
      ['a', 1],
      ['b', ['x', 'é']],
    ]);
    expect(file.tensors.get('w')!.shape).toEqual([2, 4]);
    expect((await file.read(file.tensors.get('w')!)).length).toBe(8);
    await file.close();
  });

  it('may be longer than what is read at first', async () => {
    const long = ['x'.repeat(3 << 20), 'y'.repeat(6 << 20)];
    const file = await GgufFile.open(await fileOf(parts({ metadata: [['long', texts(long)]] })));
    expect(file.metadata.get('long')).toEqual(long);
    await file.close();
  });

  it.each<[string, Buffer, RegExp]>([
    ['another magic', parts({ magic: 'GGML' }), /does not start with "GGUF"/],
    ['an old version', parts({ version: 1 }), /its version is 1; 2 and 3 are read/],
    ['a big-endian file', parts({ version: 3 << 24 }), /big-endian/],
    ['an empty file', Buffer.alloc(0), /goes on behind its end, after 0 bytes/],
    ['a cut header', parts().subarray(0, 60), /goes on behind its end, after 60 bytes/],
    ['too many tensors', parts({ tensorCount: 2 ** 40 }), /two tensors are named |goes on behind its end/],
    ['too many entries', parts({ entryCount: 2 ** 40 }), /it has a key of \d+ bytes/],
    [
      'a key that comes twice',
      parts({
        metadata: [
          ['a', u32(1)],
          ['a', u32(2)],
        ],
      }),
      /metadata has "a" twice/,
    ],
    [
      'an array that is too long',
      parts({ metadata: [['a', { type: 9, items: 4, count: 2 ** 50, value: [] }]] }),
      /lists \d+ values or more/,
    ],
    [
      'arrays in arrays in arrays',
      parts({ metadata: [['a', { type: 9, items: 9, value: [9, 0, 1, 9, 0, 1, 9, 0, 1] }]] }),
      /value of type|behind its end|values or more/,
    ],
    [
      'an unknown element type',
      parts({ tensors: [{ ...tensor, type: 99 }] }),
      /tensor w has the unknown element type 99/,
    ],
    [
      'too many dimensions',
      parts({ tensors: [{ ...tensor, dimensions: [1, 1, 1, 1, 1] }] }),
      /w has 5 dimensions/,
    ],
    [
      'broken blocks',
      parts({ tensors: [{ ...tensor, type: Q8, dimensions: [40] }] }),
      /rows of tensor w have 40 values, no multiple of Q8_0's 32/,
    ],
    [
      'a tensor behind the end',
      parts({ tensors: [{ ...tensor, dimensions: [4, 3] }] }),
      /tensor w needs bytes \d+ to \d+, the file ends/,
    ],
    [
      'a tensor far behind the end',
      parts({ tensors: [{ ...tensor, offset: 2 ** 45 }] }),
      /tensor w needs bytes/,
    ],
    [
      'sizes that overflow',
      parts({ tensors: [{ ...tensor, dimensions: [2 ** 40, 2 ** 40, 2 ** 40] }] }),
      /tensor w needs bytes/,
    ],
    [
      'a tensor that is not aligned',
      parts({ tensors: [{ ...tensor, offset: 4 }] }),
      /w is not aligned to 32 bytes/,
    ],
    ['an odd alignment', parts({ metadata: [['general.alignment', u32(24)]] }), /general\.alignment is 24/],
    ['two tensors of one name', parts({ tensors: [tensor, tensor] }), /two tensors are named w/],
    ['tensors that overlap', parts({ tensors: [tensor, { ...tensor, name: 'v', offset: 0 }] }), /overlap/],
  ])('with %s is refused', async (_, bytes, message) => {
    const path = await fileOf(bytes);
    await expect(GgufFile.open(path)).rejects.toThrow(message);
    await expect(GgufFile.open(path)).rejects.toThrow(FormatError);
  });
});

describe('a GGUF file of a model', () => {
  const metadata: GgufParts['metadata'] = [
    ['general.architecture', text('llama')],
    ['llama.block_count', u32(0)],
    ['llama.attention.head_count', u32(1)],
    ['llama.embedding_length', u32(4)],
    ['llama.feed_forward_length', u32(8)],
    ['llama.context_length', u32(16)],
    ['llama.attention.layer_norm_rms_epsilon', f32(1e-5)],
  ];
  const embedding = { ...tensor, name: 'token_embd.weight' };
  const model = (change: [string, GgufParts['metadata'][0][1]][] = [], tensors = [embedding]) =>
    fileOf(
      ggufBytes({ metadata: [...new Map([...metadata, ['llama.block_count', u32(1)], ...change])], tensors }),
    );

  it('reads rope scaling, biases, a head of its own', async () => {
    const source = await openSource(
      await model(
        [
          ['llama.rope.scaling.type', text('linear')],
          ['llama.rope.scaling.factor', f32(4)],
          ['llama.rope.freq_base', f32(5e5)],
        ],
        [
          embedding,
          { ...embedding, name: 'output.weight' },
          { ...tensor, name: 'blk.0.attn_q.bias', dimensions: [4] },
        ],
      ),
    );
    expect(source.config).toMatchObject({
      rope_theta: 5e5,
      rope_scaling: { rope_type: 'linear', factor: 4 },
      tie_word_embeddings: false,
      attention_bias: true,
      vocab_size: 2,
    });
    await source.close();
  });

  it.each<[string, [string, GgufParts['metadata'][0][1]][], (typeof embedding)[], RegExp]>([
    [
      'architecture',
      [['general.architecture', text('mamba')]],
      [embedding],
      /architecture mamba is not supported\. Supported: llama, qwen2, qwen3, gpt2/,
    ],
    ['feature', [['llama.expert_count', u32(8)]], [embedding], /llama\.expert_count is not supported/],
    [
      'rope scaling',
      [
        ['llama.rope.scaling.type', text('spiral')],
        ['llama.rope.scaling.factor', f32(4)],
      ],
      [embedding],
      /rope scaling spiral/,
    ],
    [
      'partial rotation',
      [['llama.rope.dimension_count', u32(2)]],
      [embedding],
      /llama\.rope\.dimension_count is not supported/,
    ],
    [
      'tensor',
      [],
      [embedding, { ...tensor, name: 'blk.0.ssm_a.weight' }],
      /blk\.0\.ssm_a\.weight is not known/,
    ],
    [
      'size',
      [['llama.context_length', text('long')]],
      [embedding],
      /llama\.context_length is "long", expected a positive whole number/,
    ],
    ['embedding', [], [tensor], /has no matrix token_embd\.weight/],
    [
      'rope divisors',
      [],
      [
        embedding,
        {
          ...tensor,
          name: 'rope_freqs.weight',
          dimensions: [2],
          data: new Uint8Array(new Float32Array([1, 7]).buffer),
        },
      ],
      /not Llama 3's scaling/,
    ],
    ['number of parts', [['split.count', u32(3)]], [embedding], /is a part of a model\. Join the parts/],
  ])('with another %s is refused by name', async (_, change, tensors, message) => {
    const path = await model(change, tensors);
    await expect(openSource(path)).rejects.toThrow(message);
    await expect(openSource(path)).rejects.toThrow(FormatError);
  });

  it('refuses to read an element type that it only knows', async () => {
    const iq4 = { ...embedding, type: 20, dimensions: [32, 1], data: zeros(18) };
    const source = await openSource(await model([], [iq4]));
    await expect(source.read('model.embed_tokens.weight')).rejects.toThrow(
      /is IQ4_NL\. Read are F32, F16, Q4_0/,
    );
    await source.close();
  });
});
