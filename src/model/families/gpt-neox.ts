import { rotaryPositions } from '../rope.ts';
import { activations, describe, inLayers, layerCount, type Family } from './family.ts';

/** GPT-NeoX and Pythia: attention and feed-forward side by side, part of each head turns, q, k and v fused head by head. */
export const gptNeox: Family = (field) => {
  const hidden = field.count('hidden_size');
  const heads = field.count('num_attention_heads');
  const maxPositions = field.count('max_position_embeddings', 2048);
  const tied = field.flag('tie_word_embeddings', false);
  return describe(field, {
    vocabulary: field.count('vocab_size'),
    hidden,
    layers: layerCount(field),
    heads,
    feedForward: field.count('intermediate_size'),
    maxPositions,
    tied,
    names: {
      embedding: 'gpt_neox.embed_in',
      ...inLayers('gpt_neox.layers', {
        'attention-norm': 'input_layernorm',
        qkv: 'attention.query_key_value',
        o: 'attention.dense',
        'ffn-norm': 'post_attention_layernorm',
        up: 'mlp.dense_h_to_4h',
        down: 'mlp.dense_4h_to_h',
      }),
      'final-norm': 'gpt_neox.final_layer_norm',
      head: 'embed_out',
    },
    biases: field.flag('attention_bias', true) ? ['qkv', 'o', 'up', 'down'] : ['up', 'down'],
    positions: rotaryPositions(field, Math.floor(hidden / heads), maxPositions, {
      thetaName: field.has('rotary_emb_base') ? 'rotary_emb_base' : 'rope_theta',
      partialName: field.has('rotary_pct') ? 'rotary_pct' : 'partial_rotary_factor',
      partial: 0.25,
    }),
    norm: { kind: 'layer', epsilon: field.positive('layer_norm_eps', 1e-5), plusOne: false },
    residual: field.flag('use_parallel_residual', true) ? 'parallel' : 'pre',
    attention: { byHead: true },
    activation: field.choice('hidden_act', activations, 'gelu'),
  });
};
