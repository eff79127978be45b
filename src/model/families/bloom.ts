import { describe, inLayers, layerCount, type Family } from './family.ts';

/** BLOOM and BLOOMZ: ALiBi, a norm after the embedding, q, k and v fused head by head. */
export const bloom: Family = (field) => {
  field.only('apply_residual_connection_post_layernorm', false);
  const hidden = field.count(field.first(['n_embed', 'hidden_size']) ?? 'hidden_size');
  const heads = field.count(field.first(['n_head', 'num_attention_heads']) ?? 'n_head');
  const tied = field.flag('tie_word_embeddings', true);
  return describe(field, {
    vocabulary: field.count('vocab_size'),
    hidden,
    layers: layerCount(field, field.first(['n_layer', 'num_hidden_layers']) ?? 'n_layer'),
    heads,
    feedForward: 4 * hidden,
    // ALiBi has no last position; BLOOM was trained on this many
    maxPositions: field.count('seq_length', 2048),
    tied,
    names: {
      embedding: 'transformer.word_embeddings',
      'embedding-norm': 'transformer.word_embeddings_layernorm',
      ...inLayers('transformer.h', {
        'attention-norm': 'input_layernorm',
        qkv: 'self_attention.query_key_value',
        o: 'self_attention.dense',
        'ffn-norm': 'post_attention_layernorm',
        up: 'mlp.dense_h_to_4h',
        down: 'mlp.dense_4h_to_h',
      }),
      'final-norm': 'transformer.ln_f',
      head: 'lm_head',
    },
    biases: ['qkv', 'o', 'up', 'down'],
    positions: { kind: 'alibi' },
    norm: { kind: 'layer', epsilon: field.positive('layer_norm_epsilon', 1e-5), plusOne: false },
    residual: 'pre',
    attention: { byHead: true },
    activation: 'gelu-tanh',
  });
};
