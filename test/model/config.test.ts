import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, FormatError, HiZfoError } from '../../src/errors.ts';
import { decoderParameters, parseConfig } from '../../src/model/index.ts';
import { alibiSlopes } from '../../src/model/alibi.ts';
import { readJson } from '../goldens.ts';

const goldens = join(import.meta.dirname, '..', 'goldens', 'model');
type Raw = Record<string, unknown>;
const config = (name: string, changes: Raw = {}): Raw => ({
  ...readJson<Raw>(goldens, name, 'config.json'),
  ...changes,
});

describe('a config that is not supported', () => {
  it.each<[string, Raw, RegExp]>([
    ['an unknown family', config('llama', { model_type: 'mamba' }), /"mamba"\. Supported: llama, .*gpt_neox/],
    ['mixture of experts', config('llama', { model_type: 'mixtral' }), /"mixtral"/],
    ['a family that JavaScript knows', config('llama', { model_type: 'toString' }), /"toString"/],
    ['no family', config('llama', { model_type: undefined }), /model_type is undefined/],
    ['quantized weights', config('llama', { quantization_config: { quant_method: 'gptq' } }), /"gptq"/],
    ['an activation', config('llama', { hidden_act: 'mish' }), /hidden_act is "mish".*silu, /],
    ['rotary scaling', config('llama', { rope_parameters: { rope_type: 'mrope' } }), /"mrope".*yarn/],
    [
      'rotary scaling by layer',
      config('llama', { rope_parameters: { full_attention: {}, sliding_attention: {} } }),
      /rope_parameters.*One setting for all layers/,
    ],
    ['yarn in Phi-3', config('phi3', { rope_parameters: { rope_type: 'yarn' } }), /longrope/],
    [
      'a residual of BLOOM',
      config('bloom', { apply_residual_connection_post_layernorm: true }),
      /apply_residual_connection_post_layernorm/,
    ],
    ['cross-attention', config('gpt2', { add_cross_attention: true }), /add_cross_attention/],
    ['norms without weights', config('opt', { layer_norm_elementwise_affine: false }), /elementwise_affine/],
    ['both ways', config('gemma2', { use_bidirectional_attention: true }), /use_bidirectional/],
    ['a kind of layer', config('qwen3', { layer_types: ['full_attention', 'linear'] }), /layer_types/],
  ])('%s', (_, raw, message) => {
    expect(() => parseConfig(raw, 'x/config.json')).toThrow(ConfigError);
    expect(() => parseConfig(raw, 'x/config.json')).toThrow(message);
    expect(() => parseConfig(raw, 'x/config.json')).toThrow('x/config.json');
  });
});

describe('a config that is broken', () => {
  it.each<[string, Raw, RegExp]>([
    ['a missing size', config('llama', { hidden_size: undefined }), /hidden_size is undefined/],
    ['a size of another type', config('llama', { hidden_size: '24' }), /hidden_size is "24"/],
    ['half a layer', config('gpt2', { n_layer: 1.5 }), /n_layer is 1\.5, expected a whole number/],
    ['too many layers', config('opt', { num_hidden_layers: 1e6 }), /num_hidden_layers.*from 1 to 1000/],
    ['an absurd size', config('llama', { intermediate_size: 1e12 }), /intermediate_size/],
    ['heads that do not divide', config('gpt2', { n_head: 5 }), /24 dimensions do not divide among 5 heads/],
    ['key heads that do not divide', config('llama', { num_key_value_heads: 3 }), /4 heads cannot share 3/],
    ['odd heads', config('llama', { head_dim: 5 }), /5 of the 5 dimensions.*pairs/],
    [
      'a share above one',
      config('gpt_neox', { rope_parameters: { partial_rotary_factor: 2 } }),
      /16 of the 8/,
    ],
    ['a negative epsilon', config('llama', { rms_norm_eps: -1 }), /rms_norm_eps is -1/],
    ['a text for a flag', config('llama', { tie_word_embeddings: 'yes' }), /tie_word_embeddings is "yes"/],
    ['a list for an object', config('llama', { rope_parameters: [] }), /rope_parameters holds \[\]/],
    [
      'too few divisors',
      config('phi3', {
        rope_parameters: { rope_type: 'longrope', short_factor: [1], long_factor: [1, 1, 1] },
      }),
      /short_factor is \[1\], expected a list of 3/,
    ],
    ['a padding token that is no number', config('llama', { pad_token_id: 'x' }), /pad_token_id is "x"/],
  ])('%s', (_, raw, message) => {
    expect(() => parseConfig(raw)).toThrow(FormatError);
    expect(() => parseConfig(raw)).toThrow(message);
  });

  it('whatever it holds, is read or refused with an error of ours', () => {
    const raws = readdirSync(goldens).map((name) => config(name));
    const change = fc.record({
      raw: fc.constantFrom(...raws),
      field: fc.nat(),
      value: fc.oneof(
        fc.jsonValue({ maxDepth: 2 }),
        fc.constantFrom(0, -1, 1e300, 2 ** 31, 'default', 'yarn', 'gelu', true, null, {}),
      ),
    });
    fc.assert(
      fc.property(change, ({ raw, field, value }) => {
        const names = Object.keys(raw);
        const name = names[field % names.length]!;
        try {
          const parsed = parseConfig({ ...raw, [name]: value });
          expect(decoderParameters(parsed).every((p) => p.size > 0)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(HiZfoError);
        }
      }),
      { numRuns: 1000, seed: 1 },
    );
  });
});

describe('defaults', () => {
  const without = (name: string, ...fields: string[]) =>
    parseConfig(Object.fromEntries(Object.entries(config(name)).filter(([key]) => !fields.includes(key))));

  it('are those of the family', () => {
    expect(without('opt', 'tie_word_embeddings', 'pad_token_id')).toMatchObject({ tied: true, padding: 1 });
    expect(without('llama', 'tie_word_embeddings', 'pad_token_id')).toMatchObject({
      tied: false,
      padding: undefined,
    });
    expect(without('mistral-window', 'sliding_window').attention.windows).toEqual([4096, 4096]);
    expect(without('gemma2', 'layer_types').attention.windows).toEqual([5, undefined]);
    expect(without('qwen3', 'head_dim').headDim).toBe(128);
    expect(without('gpt_neox', 'rope_parameters').positions).toMatchObject({ dimensions: 2 });
  });

  it('tell null from nothing', () => {
    const windows = (name: string, changes: Raw) => parseConfig(config(name, changes)).attention.windows;
    expect(windows('mistral-window', { sliding_window: null })).toEqual([undefined, undefined]);
    expect(parseConfig(config('gemma2', { final_logit_softcapping: null })).logitSoftcap).toBeUndefined();
    expect(parseConfig(config('gpt2', { n_inner: null })).feedForward).toBe(96);
  });

  it('count a negative padding token from the end, as PyTorch does, and drop one that is not there', () => {
    expect(parseConfig(config('llama', { pad_token_id: -1 })).padding).toBe(66);
    expect(parseConfig(config('llama', { pad_token_id: 67 })).padding).toBeUndefined();
  });

  it('know old names of fields', () => {
    const neox = config('gpt_neox', { rope_parameters: undefined, rotary_pct: 0.5, rotary_emb_base: 500 });
    expect(parseConfig(neox).positions).toMatchObject({ dimensions: 4, theta: 500 });
    const bloom = config('bloom', { n_embed: 24, hidden_size: undefined, n_head: undefined });
    expect(parseConfig({ ...bloom, num_attention_heads: 4 })).toMatchObject({ hidden: 24, heads: 4 });
  });
});

it('has ALiBi slopes for any number of heads', () => {
  expect(alibiSlopes(4)).toEqual([1 / 4, 1 / 16, 1 / 64, 1 / 256]);
  expect(alibiSlopes(6).slice(4)).toEqual([1 / 2, 1 / 8]); // every second one of the series for 8 heads
  expect(alibiSlopes(1)).toEqual([1 / 256]);
});
