import type { DecoderConfig } from './config.ts';
import type { Role } from './parameters.ts';

/**
 * Floats that one token of one layer leaves on the gradient tape of the fused operations: every input of a product, a norm,
 * an activation or attention that the backward pass needs, each counted once however many operations share it.
 */
export function tapeFloats(config: DecoderConfig): number {
  const { hidden, heads, kvHeads, headDim, feedForward, residual } = config;
  const has = (role: Role): boolean => config.names[role] !== undefined;
  const [q, kv] = [heads * headDim, kvHeads * headDim];
  const stat = config.norm.kind === 'layer' ? 2 : 1;
  /** What a norm of `width` adds beyond its input: its statistics and, where a product follows, what it gives. */
  const norm = (role: Role, width = 0): number => (has(role) ? width + stat : 0);
  const attention =
    reshapedFloats(config) +
    (has('q-norm') ? 2 * q + heads * stat : 0) +
    (has('k-norm') ? 2 * kv + kvHeads * stat : 0) +
    q +
    kv +
    kv +
    heads + // turned or scaled queries, keys, values, log-sums of scores
    q; // what the output projection takes
  const inner = has('gate') || has('gate-up') ? 3 * feedForward : 2 * feedForward;
  const postNorms =
    [has('attention-post-norm'), has('ffn-post-norm')].filter(Boolean).length * (hidden + stat);
  switch (residual) {
    case 'pre':
      return (
        2 * hidden + norm('attention-norm', hidden) + norm('ffn-norm', hidden) + postNorms + attention + inner
      );
    case 'post':
      return 2 * hidden + norm('attention-norm', hidden) + norm('ffn-norm', hidden) + attention + inner;
    case 'parallel':
      return hidden + norm('attention-norm', hidden) + norm('ffn-norm', hidden) + attention + inner;
  }
}

/** What reshapes keep of a token on the tape: of a projection by head, its queries and (unturned) keys. Without a tape they share memory. */
function reshapedFloats({ heads, kvHeads, headDim, attention, positions }: DecoderConfig): number {
  if (!attention.byHead) return 0;
  const [q, kv] = [heads * headDim, kvHeads * headDim];
  return q + 2 * kv + q + (positions.kind === 'rotary' ? kv : 0);
}

/** Floats that one token holds while a layer runs without a tape: the above, and what only the next operation needs. */
export function layerFloats(config: DecoderConfig): number {
  const { hidden, heads, kvHeads, headDim, names } = config;
  const fused = names.qkv === undefined ? 0 : (heads + 2 * kvHeads) * headDim;
  return tapeFloats(config) - reshapedFloats(config) + 2 * hidden + fused;
}
