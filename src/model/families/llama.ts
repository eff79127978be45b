import type { DecoderConfig, ModuleNames } from '../config.ts';
import type { Fields } from '../fields.ts';
import type { Role } from '../parameters.ts';
import { rotaryPositions, type RopeDefaults } from '../rope.ts';
import {
  activations,
  describe,
  inLayers,
  layerCount,
  paddingRow,
  type Described,
  type Family,
} from './family.ts';

const products: ModuleNames = {
  q: 'self_attn.q_proj',
  k: 'self_attn.k_proj',
  v: 'self_attn.v_proj',
  o: 'self_attn.o_proj',
  gate: 'mlp.gate_proj',
  up: 'mlp.up_proj',
  down: 'mlp.down_proj',
};
const norms: ModuleNames = { 'attention-norm': 'input_layernorm', 'ffn-norm': 'post_attention_layernorm' };

/** How a relative of Llama departs from it. */
interface Departures {
  names?: ModuleNames;
  biases?: readonly Role[];
  tied?: boolean;
  kvHeads?: number;
  headDim?: number;
  maxPositions?: number;
  padding?: number;
  epsilon?: number;
  rope?: RopeDefaults;
  more?: (sizes: { hidden: number; layers: number }) => Partial<Described>;
}

/** RMS norms before attention and feed-forward, rotary positions, grouped heads, a gated feed-forward. */
function llamaLike(field: Fields, own: Departures = {}): DecoderConfig {
  const hidden = field.count('hidden_size');
  const layers = layerCount(field);
  const heads = field.count('num_attention_heads');
  const vocabulary = field.count('vocab_size');
  const tied = field.flag('tie_word_embeddings', own.tied ?? false);
  const headDim = field.count('head_dim', own.headDim ?? Math.floor(hidden / heads));
  const maxPositions = field.count('max_position_embeddings', own.maxPositions ?? 2048);
  const positions = rotaryPositions(field, headDim, maxPositions, own.rope);
  const stretch = positions.scaling.type === 'dynamic' ? positions.scaling.factor : 1;
  return describe(field, {
    vocabulary,
    hidden,
    layers,
    heads,
    kvHeads: field.count('num_key_value_heads', own.kvHeads ?? heads),
    headDim,
    feedForward: field.count('intermediate_size'),
    maxPositions: Math.floor(maxPositions * stretch),
    tied,
    padding: paddingRow(field, vocabulary, own.padding),
    names: {
      embedding: 'model.embed_tokens',
      ...inLayers('model.layers', own.names ?? { ...products, ...norms }),
      'final-norm': 'model.norm',
      head: 'lm_head',
    },
    biases: own.biases ?? [],
    positions,
    norm: { kind: 'rms', epsilon: field.positive('rms_norm_eps', own.epsilon ?? 1e-6), plusOne: false },
    residual: 'pre',
    activation: field.choice('hidden_act', activations, 'silu'),
    ...own.more?.({ hidden, layers }),
  });
}

const llama: Family = (field) => {
  const attention = field.flag('attention_bias', false);
  const feedForward = field.flag('mlp_bias', false);
  return llamaLike(field, {
    biases: [
      ...(attention ? (['q', 'k', 'v', 'o'] as const) : []),
      ...(feedForward ? (['gate', 'up', 'down'] as const) : []),
    ],
  });
};

const mistral: Family = (field) => {
  const window = slidingWindow(field, 4096);
  return llamaLike(field, {
    kvHeads: 8,
    maxPositions: 131_072,
    more: ({ layers }) => ({ attention: { windows: Array<number | undefined>(layers).fill(window) } }),
  });
};

/** Qwen2 and Qwen2.5. */
const qwen2: Family = (field) =>
  llamaLike(field, {
    biases: ['q', 'k', 'v'],
    maxPositions: 32_768,
    more: ({ layers }) => ({ attention: { windows: qwenWindows(field, layers) } }),
  });

const qwen3: Family = (field) =>
  llamaLike(field, {
    names: {
      ...products,
      ...norms,
      'q-norm': 'self_attn.q_norm',
      'k-norm': 'self_attn.k_norm',
    },
    biases: field.flag('attention_bias', false) ? ['q', 'k', 'v', 'o'] : [],
    headDim: 128,
    maxPositions: 32_768,
    more: ({ layers }) => ({ attention: { windows: qwenWindows(field, layers) } }),
  });

const phi3: Family = (field) => {
  const rope = field.object(field.first(['rope_parameters', 'rope_scaling']) ?? 'rope_scaling');
  for (const name of ['rope_type', 'type']) rope.only(name, 'default', 'longrope', 'su');
  const window = slidingWindow(field);
  return llamaLike(field, {
    names: {
      ...norms,
      qkv: 'self_attn.qkv_proj',
      o: 'self_attn.o_proj',
      'gate-up': 'mlp.gate_up_proj',
      down: 'mlp.down_proj',
    },
    epsilon: 1e-5,
    maxPositions: 4096,
    padding: 32_000,
    rope: { originalLength: 4096 },
    more: ({ layers }) => ({ attention: { windows: Array<number | undefined>(layers).fill(window) } }),
  });
};

/** Norms on both sides of attention and feed-forward, capped scores and logits, every second layer with a window. */
const gemma2: Family = (field) => {
  field.only('use_bidirectional_attention', false);
  field.only('attention_bias', false);
  const scale = field.positive('query_pre_attn_scalar', 256) ** -0.5;
  const window = slidingWindow(field, 4096);
  return llamaLike(field, {
    names: {
      ...products,
      'attention-norm': 'input_layernorm',
      'attention-post-norm': 'post_attention_layernorm',
      'ffn-norm': 'pre_feedforward_layernorm',
      'ffn-post-norm': 'post_feedforward_layernorm',
    },
    tied: true,
    kvHeads: 4,
    headDim: 256,
    maxPositions: 8192,
    padding: 0,
    more: ({ hidden, layers }) => ({
      norm: { kind: 'rms', epsilon: field.positive('rms_norm_eps', 1e-6), plusOne: true },
      embeddingScale: Math.sqrt(hidden),
      activation: field.choice('hidden_activation', activations, 'gelu_pytorch_tanh'),
      logitSoftcap: cap(field, 'final_logit_softcapping', 30),
      attention: {
        scales: Array<number>(layers).fill(scale),
        softcap: cap(field, 'attn_logit_softcapping', 50),
        windows: windowsByType(field, layers, window, (l) => l % 2 === 0),
      },
    }),
  });
};

/** null in the file means none, a missing field the class's default. */
function slidingWindow(field: Fields, missing?: number): number | undefined {
  if (field.isNull('sliding_window') || (missing === undefined && !field.has('sliding_window')))
    return undefined;
  return field.count('sliding_window', missing);
}
function cap(field: Fields, name: string, missing: number): number | undefined {
  return field.isNull(name) ? undefined : field.positive(name, missing);
}

function qwenWindows(field: Fields, layers: number): (number | undefined)[] {
  const window = field.flag('use_sliding_window', false) ? slidingWindow(field, 4096) : undefined;
  const from = field.count('max_window_layers', 28, { least: 0 });
  return windowsByType(field, layers, window, (l) => l >= from);
}

/** Layers with a window, by `layer_types` where the file has it. */
function windowsByType(
  field: Fields,
  layers: number,
  window: number | undefined,
  slides: (layer: number) => boolean,
): (number | undefined)[] {
  const types = field.raw('layer_types');
  const known = { full_attention: false, sliding_attention: true };
  return Array.from({ length: layers }, (_, l) => {
    if (types === undefined) return slides(l) ? window : undefined;
    const type: unknown = Array.isArray(types) ? types[l] : undefined;
    if (typeof type !== 'string' || !Object.hasOwn(known, type)) {
      return field.unsupported('layer_types', `Supported: one of ${Object.keys(known).join(', ')} a layer.`);
    }
    return known[type as keyof typeof known] ? window : undefined;
  });
}

export const llamaFamily: Record<string, Family> = { llama, mistral, qwen2, qwen3, phi3, gemma2 };
