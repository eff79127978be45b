import { activations, describe, inLayers, layerCount, type Family } from './family.ts';

/** GPT-2: learned positions, one projection for q, k and v, matrices stored [in, out]. */
export const gpt2: Family = (field) => {
  field.only('add_cross_attention', false);
  const hidden = field.count('n_embd');
  const layers = layerCount(field, 'n_layer');
  const heads = field.count('n_head');
  const maxPositions = field.count('n_positions', 1024);
  const tied = field.flag('tie_word_embeddings', true);
  const scale = field.flag('scale_attn_weights', true) ? 1 / Math.sqrt(hidden / heads) : 1;
  const byLayer = field.flag('scale_attn_by_inverse_layer_idx', false);
  return describe(field, {
    vocabulary: field.count('vocab_size'),
    hidden,
    layers,
    heads,
    feedForward: field.count('n_inner', 4 * hidden),
    maxPositions,
    tied,
    names: {
      embedding: 'transformer.wte',
      position: 'transformer.wpe',
      ...inLayers('transformer.h', {
        'attention-norm': 'ln_1',
        qkv: 'attn.c_attn',
        o: 'attn.c_proj',
        'ffn-norm': 'ln_2',
        up: 'mlp.c_fc',
        down: 'mlp.c_proj',
      }),
      'final-norm': 'transformer.ln_f',
      head: 'lm_head',
    },
    biases: ['qkv', 'o', 'up', 'down'],
    inOut: true,
    positions: { kind: 'learned', rows: maxPositions, offset: 0 },
    norm: { kind: 'layer', epsilon: field.positive('layer_norm_epsilon', 1e-5), plusOne: false },
    residual: 'pre',
    attention: { scales: Array.from({ length: layers }, (_, l) => (byLayer ? scale / (l + 1) : scale)) },
    activation: field.choice('activation_function', activations, 'gelu_new'),
  });
};
