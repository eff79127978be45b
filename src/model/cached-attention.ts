import type { Tensor, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import type { AttentionShape } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import { alibiSlopes } from './alibi.ts';
import type { DecoderConfig } from './config.ts';
import { rotaryAngles, type Rotary } from './rotary.ts';

/** Keys and values of one layer, [rows, kvHeads, slots, headDim], keys rotated. */
export interface LayerCache {
  k: Tensor4D;
  v: Tensor4D;
}

/** cos and sin, [rows, 1, tokens, half]. */
type Angles = readonly [Tensor4D, Tensor4D];

/**
 * Attention of a few new tokens a row over all cached ones, for one call, whose tidy it lives in. Nothing is
 * differentiated here.
 */
export class CachedAttention {
  readonly #rows: number;
  /** Angles of the new tokens. */
  readonly #angles: Angles | undefined;
  /** By window. */
  readonly #biases: ReadonlyMap<number | undefined, Tensor>;

  /**
   * `slots[b]` holds the position of the token in each slot of row b, undefined for padding, the last ones being the new
   * tokens; `positions` are those of the new tokens, row by row.
   */
  constructor(
    private readonly config: DecoderConfig,
    private readonly slots: readonly (readonly (number | undefined)[])[],
    private readonly positions: readonly number[],
  ) {
    this.#rows = slots.length;
    if (config.positions.kind === 'rotary') this.#angles = this.#anglesOf(config.positions);
    this.#biases = new Map(config.attention.windows.map((window) => [window, this.#scoreBias(window)]));
  }

  /** New keys [rows * t, kvHeads * headDim] as they are cached. */
  keys(k: Tensor2D): Tensor4D {
    return rotated(this.#split(k, this.config.kvHeads), this.#angles);
  }

  /** New values as they are cached. */
  values(v: Tensor2D): Tensor4D {
    return this.#split(v, this.config.kvHeads);
  }

  /** Queries over the cache -> [rows * t, heads * headDim]. */
  mix({ scale, softcap, window, length: t }: AttentionShape, q: Tensor2D, cache: LayerCache): Tensor2D {
    const { heads, kvHeads, headDim } = this.config;
    const S = cache.k.shape[2];
    const stacked = (x: Tensor4D, rows: number) => x.reshape<Tensor3D>([this.#rows * kvHeads, rows, headDim]);
    const group = (heads / kvHeads) * t; // query heads of one key head, stacked
    const queries = stacked(rotated(this.#split(q, heads), this.#angles), group);
    const raw = tf.matMul(queries, stacked(cache.k, S), false, true).mul(scale!);
    const scores = softcap ? raw.div(softcap).tanh().mul(softcap) : raw;
    const weights = scores
      .reshape([this.#rows, heads, t, S])
      .add(this.#biases.get(window)!)
      .softmax()
      .reshape([this.#rows * kvHeads, group, S]);
    const mixed = tf.matMul(weights, stacked(cache.v, S)).reshape<Tensor4D>([this.#rows, heads, t, headDim]);
    return mixed.transpose([0, 2, 1, 3]).reshape([this.#rows * t, heads * headDim]);
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
    if (this.config.positions.kind !== 'alibi') return masked;
    const slopes = tf.tensor1d(alibiSlopes(this.config.heads)).reshape([1, -1, 1, 1]);
    return tf.tensor4d(ago, [this.#rows, 1, t, S]).mul(slopes).add(masked);
  }

  /** [rows * t, heads * headDim] -> [rows, heads, t, headDim]. */
  #split(x: Tensor2D, heads: number): Tensor4D {
    const shape: [number, number, number, number] = [
      this.#rows,
      x.shape[0] / this.#rows,
      heads,
      this.config.headDim,
    ];
    return x.reshape<Tensor4D>(shape).transpose([0, 2, 1, 3]);
  }

  /** Every row by the length of its own sequence. */
  #anglesOf(rotary: Rotary): Angles {
    const t = this.positions.length / this.#rows;
    const rows = this.slots.map((slots, b) => {
      const length = slots.reduce<number>((most, j) => Math.max(most, (j ?? 0) + 1), 0);
      return rotaryAngles(rotary, this.positions.slice(b * t, (b + 1) * t), length);
    });
    const stack = (tables: Float32Array[]) =>
      tf.stack(tables.map((table) => tf.tensor3d(table, [1, ...rows[0]!.shape]))) as Tensor4D;
    return [stack(rows.map((r) => r.cos)), stack(rows.map((r) => r.sin))];
  }
}

/** x [rows, heads, tokens, headDim] with its first dimensions turned, half-split form. */
function rotated(x: Tensor4D, angles: Angles | undefined): Tensor4D {
  if (!angles) return x;
  const [cos, sin] = angles;
  const half = cos.shape[3];
  const left = x.shape[3] - 2 * half;
  const [a, b, ...rest] = tf.split(x, left > 0 ? [half, half, left] : 2, 3) as [Tensor4D, Tensor4D];
  const first = a.mul<Tensor4D>(cos).sub<Tensor4D>(b.mul(sin));
  const second = b.mul<Tensor4D>(cos).add<Tensor4D>(a.mul(sin));
  return tf.concat([first, second, ...rest], 3);
}
