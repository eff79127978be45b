import { activations, describe, inLayers, layerCount, paddingRow, type Family } from './family.ts';

/** The table of learned positions begins with two rows that no token uses. */
const OFFSET = 2;

/**
 * OPT. The 350M model puts its norms after the sums, has no final norm, and projects its narrower embedding in and out.
 */
export const opt: Family = (field) => {
  field.only('layer_norm_elementwise_affine', true);
  const hidden = field.count('hidden_size');
  const vocabulary = field.count('vocab_size');
  const maxPositions = field.count('max_position_embeddings', 2048);
  const before = field.flag('do_layer_norm_before', true);
  const finalNorm = before && !field.flag('_remove_final_layer_norm', false);
  const width = field.count('word_embed_proj_dim', hidden);
  const tied = field.flag('tie_word_embeddings', true);
  return describe(field, {
    vocabulary,
    hidden,
    layers: layerCount(field),
    heads: field.count('num_attention_heads'),
    feedForward: field.count('ffn_dim'),
    maxPositions,
    tied,
    padding: paddingRow(field, vocabulary, 1),
    names: {
      embedding: 'model.decoder.embed_tokens',
      ...(width === hidden ? {} : { 'project-in': 'model.decoder.project_in' }),
      position: 'model.decoder.embed_positions',
      ...inLayers('model.decoder.layers', {
        'attention-norm': 'self_attn_layer_norm',
        q: 'self_attn.q_proj',
        k: 'self_attn.k_proj',
        v: 'self_attn.v_proj',
        o: 'self_attn.out_proj',
        'ffn-norm': 'final_layer_norm',
        up: 'fc1',
        down: 'fc2',
      }),
      ...(finalNorm ? { 'final-norm': 'model.decoder.final_layer_norm' } : {}),
      ...(width === hidden ? {} : { 'project-out': 'model.decoder.project_out' }),
      head: 'lm_head',
    },
    biases: field.flag('enable_bias', true) ? ['q', 'k', 'v', 'o', 'up', 'down'] : [],
    embeddingWidth: width,
    positions: { kind: 'learned', rows: maxPositions + OFFSET, offset: OFFSET },
    norm: { kind: 'layer', epsilon: 1e-5, plusOne: false },
    residual: before ? 'pre' : 'post',
    activation: field.choice('activation_function', activations, 'relu'),
  });
};
