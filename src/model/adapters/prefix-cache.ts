import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs';
import { keptTensors, tf } from '../../engine/index.ts';
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
    return tf.tile(heads, [rows, 1, 1, 1]);
  };
  return keptTensors((keep) =>
    Array.from({ length: layers }, (_, l) => {
      const [key, value] = model.prefixOf(weights, l);
      return { k: keep(byHead(key)), v: keep(byHead(value)) };
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
  const rows = (x: Tensor4D) =>
    x.transpose([0, 2, 1, 3]).reshape<Tensor2D>([ids.length, config.kvHeads * config.headDim]);
  return keptTensors((keep) => {
    const found: [Tensor2D, Tensor2D][] = [];
    const tokens = new CachedAttention(config, [positions], positions);
    model.pass({
      weights: model.parameters.get,
      ids: tf.tensor1d([...ids], 'int32'),
      places: learnedPlaces(config, positions),
      attend: (l, q, key, value) => {
        const [k, v] = [tokens.keys(key), tokens.values(value)];
        found.push([keep(rows(k)), keep(rows(v))]);
        return tokens.mix(model.attentionShape(l, 1, ids.length), q, { k, v });
      },
    });
    return found;
  });
}
