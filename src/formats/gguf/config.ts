import { FormatError } from '../../errors.ts';
import type { Json } from '../json.ts';
import type { Fields } from './fields.ts';
import type { GgufTensor } from './header.ts';
import { architectures } from './names.ts';

/**
 * The config.json that a GGUF file's metadata stands for. `ropeFactors` are the values of `rope_freqs.weight`, by which
 * converters write Llama 3's scaling. Throws FormatError for an architecture or feature that is not supported.
 */
export function configOf(
  architecture: string,
  field: Fields,
  tensors: ReadonlyMap<string, GgufTensor>,
  ropeFactors: Float32Array | undefined,
  path: string,
): Json {
  const unsupported = (what: string): never => {
    throw new FormatError(
      `${path}: ${what} is not supported for GGUF files of architecture ${architecture}.`,
    );
  };
  if (!architectures.includes(architecture)) {
    throw new FormatError(
      `${path}: architecture ${architecture} is not supported. Supported: ${architectures.join(', ')}. Give the model's Hugging Face folder.`,
    );
  }
  const key = (name: string) => `${architecture}.${name}`;
  const embedding = tensors.get('token_embd.weight');
  if (embedding?.shape.length !== 2) throw new FormatError(`${path} has no matrix token_embd.weight.`);
  const vocabulary = embedding.shape[0]!;
  for (const name of ['expert_count', 'attention.sliding_window']) {
    if (field.has(key(name))) unsupported(key(name));
  }
  const common = {
    vocab_size: vocabulary,
    bos_token_id: field.token('bos', vocabulary),
    eos_token_id: field.token('eos', vocabulary),
    pad_token_id: field.token('padding', vocabulary),
    torch_dtype: 'float32',
  };
  const heads = field.count(key('attention.head_count'));
  const hidden = field.count(key('embedding_length'));
  if (architecture === 'gpt2') {
    return defined({
      model_type: 'gpt2',
      architectures: ['GPT2LMHeadModel'],
      n_embd: hidden,
      n_head: heads,
      n_inner: field.count(key('feed_forward_length'), 4 * hidden),
      n_layer: field.count(key('block_count')),
      n_positions: field.count(key('context_length')),
      activation_function: 'gelu_new',
      layer_norm_epsilon: field.positive(key('attention.layer_norm_epsilon')),
      tie_word_embeddings: true,
      ...common,
    });
  }
  const headDim = field.count(key('attention.key_length'), hidden / heads);
  if (field.count(key('attention.value_length'), headDim) !== headDim)
    unsupported(key('attention.value_length'));
  if (field.count(key('rope.dimension_count'), headDim) !== headDim) unsupported(key('rope.dimension_count'));
  const theta = field.positive(key('rope.freq_base'), 10_000);
  const family = architecture[0]!.toUpperCase() + architecture.slice(1);
  return defined({
    model_type: architecture,
    architectures: [`${family}ForCausalLM`],
    hidden_size: hidden,
    intermediate_size: field.count(key('feed_forward_length')),
    num_hidden_layers: field.count(key('block_count')),
    num_attention_heads: heads,
    num_key_value_heads: field.count(key('attention.head_count_kv'), heads),
    head_dim: headDim,
    hidden_act: 'silu',
    max_position_embeddings: field.count(key('context_length')),
    rms_norm_eps: field.positive(key('attention.layer_norm_rms_epsilon')),
    rope_theta: theta,
    rope_scaling: ropeFactors
      ? llama3Scaling(
          ropeFactors,
          theta,
          field.count(key('rope.scaling.original_context_length'), 8192),
          path,
        )
      : scaling(field, key, path),
    tie_word_embeddings: !tensors.has('output.weight'),
    // qwen2 has these biases always, and no word for it in its config
    attention_bias: architecture === 'qwen2' ? undefined : tensors.has('blk.0.attn_q.bias'),
    ...common,
  });
}

function scaling(field: Fields, key: (name: string) => string, path: string): Json | undefined {
  // before rope.scaling.type there was only linear scaling, under a name of its own
  const old = key('rope.scale_linear');
  if (field.has(old)) return { rope_type: 'linear', factor: field.positive(old) };
  const type = field.text(key('rope.scaling.type'), 'none');
  if (type === 'none') return undefined;
  const factor = field.positive(key('rope.scaling.factor'));
  if (type === 'linear') return { rope_type: type, factor };
  if (type === 'yarn') {
    const original = field.count(key('rope.scaling.original_context_length'));
    return { rope_type: type, factor, original_max_position_embeddings: original };
  }
  throw new FormatError(`${path}: rope scaling ${type} is not supported. Supported: none, linear, yarn.`);
}

/**
 * Llama 3's scaling from the divisors of its frequencies. All published models have low and high frequency factors of 1 and 4; the
 * largest divisor is the factor. Throws FormatError when these do not give the divisors back.
 */
function llama3Scaling(
  divisors: Float32Array,
  theta: number,
  original: number,
  path: string,
): Json | undefined {
  const factor = divisors.reduce((a, b) => Math.max(a, b), 1);
  if (factor === 1) return undefined;
  const [low, high] = [1, 4];
  for (const [i, given] of divisors.entries()) {
    const turns = (original * theta ** (-i / divisors.length)) / (2 * Math.PI); // over the original context
    const smooth = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    const expected = 1 / ((1 - smooth) / factor + smooth);
    if (!(Math.abs(given / expected - 1) < 1e-4)) {
      throw new FormatError(
        `${path}: rope_freqs.weight is not Llama 3's scaling over ${original} positions (divisor ${i} is ${given}, expected ${expected}).`,
      );
    }
  }
  return {
    rope_type: 'llama3',
    factor,
    low_freq_factor: low,
    high_freq_factor: high,
    original_max_position_embeddings: original,
  };
}

function defined(fields: Json): Json {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
