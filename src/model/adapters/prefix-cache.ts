import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs';
import { tf } from '../../engine/tf.ts';
import { CachedAttention, type LayerCache } from '../cached-attention.ts';
import type { Decoder } from '../decoder.ts';
import type { Weights } from '../parameters.ts';
import { learnedPlaces } from '../positions.ts';

/** The caches that generation begins with: a prefix's keys and values for each row, nothing without one. The caller's. */
export function prefixCache(model: Decoder, weights: Weights, rows: number): LayerCache[] {
  const { layers, prefix, kvHeads, headDim } = model.config;
  if (prefix === 0) return [];
  const byHead = (x: Tensor2D) => {
    const heads = x.reshape<Tensor4D>([1, prefix, kvHeads, headDim]).transpose<Tensor4D>([0, 2, 1, 3]);
    return tf.keep(tf.tile(heads, [rows, 1, 1, 1]));
  };
  return tf.tidy(() =>
    Array.from({ length: layers }, (_, l) => {
      const [k, v] = model.prefixOf(weights, l).map(byHead) as [Tensor4D, Tensor4D];
      return { k, v };
    }),
  );
}

/**
 * Keys and values, layer by layer, that the model without its prefix computes for some tokens, each [tokens, kvHeads * headDim]
 * and as a cache holds them. They belong to the caller.
 */
export function keysAndValuesOf(model: Decoder, ids: readonly number[]): [Tensor2D, Tensor2D][] {
  const config = { ...model.config, prefix: 0 };
  const positions = ids.map((_, t) => t);
  const found: [Tensor2D, Tensor2D][] = [];
  const rows = (x: Tensor4D) =>
    tf.keep(x.transpose([0, 2, 1, 3]).reshape<Tensor2D>([ids.length, config.kvHeads * config.headDim]));
  tf.tidy(() => {
    const tokens = new CachedAttention(config, [positions], positions);
    model.pass({
      weights: model.parameters.get,
      ids: tf.tensor1d([...ids], 'int32'),
      places: learnedPlaces(config, positions),
      attend: (l, q, key, value) => {
        const [k, v] = [tokens.keys(key), tokens.values(value)];
        found.push([rows(k), rows(v)]);
        return tokens.mix(model.attentionShape(l, 1, ids.length), q, { k, v });
      },
    });
  });
  return found;
}
