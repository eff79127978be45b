import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tf } from '../../src/engine/index.ts';
import { openSource } from '../../src/formats/index.ts';
import { open } from '../../src/session/index.ts';
import { f32, flag, ggufBytes, ints, text, texts, u32, type GgufParts } from '../formats/gguf-writer.ts';
import { readJson } from '../goldens.ts';

let dir: string;
let path: string;
/** The same with a pre-tokenizer rule that nobody knows. */
let strange: string;

/** The tiny model as llama.cpp's converter would write it, in float32. */
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hi-zfo-gguf-'));
  path = join(dir, 'tiny.gguf');
  const source = await openSource('models/tiny');
  const config = source.config as Record<string, number>;
  const file = readJson<{ model: { vocab: Record<string, number>; merges: [string, string][] } }>(
    'models/tiny/tokenizer.json',
  );
  const words = Object.entries(file.model.vocab)
    .sort((a, b) => a[1] - b[1])
    .map(([word]) => word);
  const metadata: GgufParts['metadata'] = [
    ['general.architecture', text('llama')],
    ['llama.block_count', u32(config.num_hidden_layers!)],
    ['llama.attention.head_count', u32(config.num_attention_heads!)],
    ['llama.attention.head_count_kv', u32(config.num_key_value_heads!)],
    ['llama.embedding_length', u32(config.hidden_size!)],
    ['llama.feed_forward_length', u32(config.intermediate_size!)],
    ['llama.context_length', u32(config.max_position_embeddings!)],
    ['llama.attention.layer_norm_rms_epsilon', f32(config.rms_norm_eps!)],
    ['tokenizer.ggml.model', text('gpt2')],
    ['tokenizer.ggml.pre', text('smollm')],
    ['tokenizer.ggml.tokens', texts(words)],
    ['tokenizer.ggml.token_type', ints(words.map((_, id) => (id < 3 ? 3 : 1)))],
    ['tokenizer.ggml.merges', texts(file.model.merges.map((pair) => pair.join(' ')))],
    ['tokenizer.ggml.bos_token_id', u32(2)],
    ['tokenizer.ggml.eos_token_id', u32(1)],
    ['tokenizer.ggml.padding_token_id', u32(0)],
    ['tokenizer.ggml.add_bos_token', flag(false)],
  ];
  const part: Record<string, string> = {
    'self_attn.q_proj': 'attn_q',
    'self_attn.k_proj': 'attn_k',
    'self_attn.v_proj': 'attn_v',
    'self_attn.o_proj': 'attn_output',
    'mlp.gate_proj': 'ffn_gate',
    'mlp.up_proj': 'ffn_up',
    'mlp.down_proj': 'ffn_down',
    input_layernorm: 'attn_norm',
    post_attention_layernorm: 'ffn_norm',
  };
  const tensors: GgufParts['tensors'] = [];
  for (const name of source.names()) {
    const { shape } = source.info(name);
    let values = await source.read(name);
    const [, layer, module] = /^model\.layers\.(\d+)\.(.+)\.weight$/.exec(name) ?? [];
    if (module === 'self_attn.q_proj') values = interleave(values, shape[1]!, config.num_attention_heads!);
    if (module === 'self_attn.k_proj') values = interleave(values, shape[1]!, config.num_key_value_heads!);
    const as =
      module !== undefined
        ? `blk.${layer}.${part[module]}.weight`
        : name === 'model.norm.weight'
          ? 'output_norm.weight'
          : 'token_embd.weight';
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    tensors.push({ name: as, dimensions: [...shape].reverse(), type: 0, data });
  }
  await source.close();
  await writeFile(path, ggufBytes({ metadata, tensors }));
  strange = join(dir, 'strange.gguf');
  const other = metadata.map(([key, value]): GgufParts['metadata'][0] =>
    key === 'tokenizer.ggml.pre' ? [key, text('martian')] : [key, value],
  );
  await writeFile(strange, ggufBytes({ metadata: other, tensors }));
});
afterAll(() => rm(dir, { recursive: true }));

/** Rows of each head from halves to pairs. */
function interleave(values: Float32Array, width: number, heads: number): Float32Array {
  const head = values.length / width / heads;
  const out = new Float32Array(values.length);
  for (let h = 0; h < heads; h++) {
    for (let i = 0; i < head / 2; i++) {
      for (const j of [0, 1]) {
        const from = (h * head + j * (head / 2) + i) * width;
        out.set(values.subarray(from, from + width), (h * head + 2 * i + j) * width);
      }
    }
  }
  return out;
}

it('a model opened from a GGUF file is the model of the folder, and is saved as one', async () => {
  const before = tf.memory().numTensors;
  const options = { task: 'label', seed: 3, batchSize: 4, maxLength: 96, show: false } as const;
  const folder = await open({ ...options, model: 'models/tiny' });
  const loss = await folder.heldOutLoss(8);
  const said = await folder.generate('Sentence:', { maxNewTokens: 8 });
  await folder.close();

  const s = await open({ ...options, model: path });
  expect(await s.heldOutLoss(8)).toBe(loss);
  expect(await s.generate('Sentence:', { maxNewTokens: 8 })).toEqual(said);
  await s.save(join(dir, 'saved'));
  await s.close();
  expect(await readdir(join(dir, 'saved'))).toEqual(
    expect.arrayContaining(['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']),
  );
  const config = JSON.parse(await readFile(join(dir, 'saved', 'config.json'), 'utf8')) as object;
  expect(config).toMatchObject({ model_type: 'llama', hidden_size: 128, eos_token_id: 1 });

  const again = await open({ ...options, model: join(dir, 'saved') });
  expect(await again.heldOutLoss(8)).toBe(loss);
  await again.close();

  const resumed = await open({ resume: join(dir, 'saved'), show: false });
  await resumed.run(1);
  await resumed.rewind(0); // the base is the GGUF file
  expect(await resumed.heldOutLoss(8)).toBe(loss);
  await resumed.close();
  expect(tf.memory().numTensors).toBe(before);
});

it('writes what a person should know of the tokenizer into the history', async () => {
  const s = await open({ task: 'label', model: strange, show: false });
  const warnings = s.history.data.events.filter((e) => e.kind === 'warning').map((e) => e.text);
  expect(warnings).toEqual([expect.stringMatching(/the rule "martian"/)]);
  await s.close();
});

it('says when there is no such file', async () => {
  await expect(open({ model: join(dir, 'none.gguf') })).rejects.toThrow(
    /There is no model file .*none\.gguf/,
  );
});
