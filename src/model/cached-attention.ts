import type { Tensor, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import type { AttentionPositions, AttentionShape } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import type { LlamaConfig } from './config.ts';
import { attentionPositions } from './positions.ts';

/** Keys and values of one layer, [rows, kvHeads, slots, headDim], keys rotated. */
export interface LayerCache {
  k: Tensor4D;
  v: Tensor4D;
}

/**
 * Attention of a few new tokens a row over all cached ones, for one call, whose tidy it lives in. Nothing is
 * differentiated here.
 */
export class CachedAttention {
  readonly #rows: number;
  readonly #positions: AttentionPositions;
  /** By window. */
  readonly #biases: ReadonlyMap<number | undefined, Tensor>;

  /**
   * `slots[b]` holds the position of the token in each slot of row b, undefined for padding, the last ones being the new
   * tokens; `positions` are those of the new tokens, row by row.
   */
  constructor(
    private readonly config: LlamaConfig,
    private readonly slots: readonly (readonly (number | undefined)[])[],
    private readonly positions: readonly number[],
  ) {
    this.#rows = slots.length;
    this.#positions = attentionPositions(config, positions);
    this.#biases = new Map(config.attention.windows.map((window) => [window, this.#scoreBias(window)]));
  }

  /** New keys [rows * t, kvHeads * headDim] as they are cached. */
  keys(k: Tensor2D): Tensor4D {
    return this.#rotated(k, this.config.kvHeads);
  }

  /** New values as they are cached. */
  values(v: Tensor2D): Tensor4D {
    return byHead(this.#split(v, this.config.kvHeads));
  }

  /** Queries over the cache -> [rows * t, heads * headDim]. */
  mix({ scale, softcap, window, length: t }: AttentionShape, q: Tensor2D, cache: LayerCache): Tensor2D {
    const { heads, kvHeads, headDim } = this.config;
    const S = cache.k.shape[2];
    const stacked = (x: Tensor4D, rows: number) => x.reshape<Tensor3D>([this.#rows * kvHeads, rows, headDim]);
    const group = (heads / kvHeads) * t; // query heads of one key head, stacked
    const queries = stacked(this.#rotated(q, heads), group);
    const raw = tf.matMul(queries, stacked(cache.k, S), false, true).mul(scale!);
    const scores = softcap ? raw.div(softcap).tanh().mul(softcap) : raw;
    const weights = scores
      .reshape([this.#rows, heads, t, S])
      .add(this.#biases.get(window)!)
      .softmax()
      .reshape([this.#rows * kvHeads, group, S]);
    const mixed = tf.matMul(weights, stacked(cache.v, S)).reshape<Tensor4D>([this.#rows, heads, t, headDim]);
    return byHead(mixed).reshape([this.#rows * t, heads * headDim]);
  }

  /** What is added to scores, [rows, heads or 1, t, slots]: -1e9 where a token may not look, else what ALiBi adds. */
  #scoreBias(window = Infinity): Tensor {
    const t = this.positions.length / this.#rows;
    const S = this.slots[0]!.length;
    const mask = new Float32Array(this.#rows * t * S);
    const ago = new Float32Array(this.#rows * t * S);
    this.positions.forEach((i, row) => {
      this.slots[Math.floor(row / t)]!.forEach((j, s) => {
        const seen = j !== undefined && j <= i && j > i - window;
        mask[row * S + s] = seen ? 0 : -1e9;
        ago[row * S + s] = seen ? j - i : 0;
      });
    });
    const masked = tf.tensor4d(mask, [this.#rows, 1, t, S]);
    if (!this.#positions || !('slopes' in this.#positions)) return masked;
    const slopes = this.#positions.slopes.reshape([1, -1, 1, 1]);
    return tf.tensor4d(ago, [this.#rows, 1, t, S]).mul(slopes).add(masked);
  }

  #split(x: Tensor2D, heads: number): Tensor4D {
    return x.reshape([this.#rows, x.shape[0] / this.#rows, heads, this.config.headDim]);
  }

  /** By head, the first dimensions turned (half-split form): [rows, heads, t, headDim]. */
  #rotated(x: Tensor2D, heads: number): Tensor4D {
    const split = this.#split(x, heads);
    if (!this.#positions || !('cos' in this.#positions)) return byHead(split);
    const [, t, , headDim] = split.shape;
    const half = this.#positions.cos.shape[1];
    const [cos, sin] = [this.#positions.cos, this.#positions.sin].map((table) =>
      table.reshape<Tensor4D>([this.#rows, t, 1, half]),
    ) as [Tensor4D, Tensor4D];
    const left = headDim - 2 * half;
    const [a, b, ...rest] = tf.split(split, left > 0 ? [half, half, left] : 2, 3) as [Tensor4D, Tensor4D];
    const turned = [
      a.mul<Tensor4D>(cos).sub<Tensor4D>(b.mul(sin)),
      b.mul<Tensor4D>(cos).add<Tensor4D>(a.mul(sin)),
    ];
    return byHead(tf.concat([...turned, ...rest], 3));
  }
}

function byHead(x: Tensor4D): Tensor4D {
  return x.transpose([0, 2, 1, 3]);
}
