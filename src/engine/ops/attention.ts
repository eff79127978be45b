import type { Tensor, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import type { AttentionPositions, AttentionShape, RotaryTable } from '../engine.ts';
import { tf } from '../tf.ts';
import { rotaryOf, slopesOf } from './positions.ts';

/**
 * See {@link Ops.attention}. Query heads that share a key head are stacked along the rows of one product, so that keys
 * and values are never repeated.
 */
export function attention(
  q: Tensor2D,
  k: Tensor2D,
  v: Tensor2D,
  shape: AttentionShape,
  positions: AttentionPositions,
): Tensor2D {
  const { batch, length, heads, kvHeads, headDim, scale = 1 / Math.sqrt(headDim), softcap } = shape;
  const group = heads / kvHeads;
  const table = rotaryOf(positions);
  return tf.tidy(() => {
    const split = (x: Tensor2D, count: number, turn: boolean) => {
      const byHead = splitHeads(x, batch, length, count);
      const turned = turn && table ? rotate(byHead, table) : byHead;
      return turned.reshape<Tensor3D>([batch * kvHeads, (count / kvHeads) * length, headDim]);
    };
    const queries = split(q, heads, true);
    const raw = tf.mul(tf.matMul(queries, split(k, kvHeads, true), false, true), scale);
    const capped = softcap ? tf.mul(tf.tanh(tf.div(raw, softcap)), softcap) : raw;
    const scores = capped.reshape<Tensor4D>([batch, heads, length, length]);
    const weights = tf.softmax(tf.add(scores, scoreBias(shape, positions)));
    const flat = weights.reshape<Tensor3D>([batch * kvHeads, group * length, length]);
    return tf
      .matMul(flat, split(v, kvHeads, false))
      .reshape<Tensor4D>([batch, heads, length, headDim])
      .transpose<Tensor4D>([0, 2, 1, 3])
      .reshape<Tensor2D>([batch * length, heads * headDim]);
  });
}

/** See {@link Ops.attentionAt}: all queries, those that were not given 0. */
export function attentionAt(
  places: Int32Array,
  q: Tensor2D,
  k: Tensor2D,
  v: Tensor2D,
  shape: AttentionShape,
  positions: AttentionPositions,
): Tensor2D {
  return tf.tidy(() => {
    const at = tf.tensor1d(places, 'int32');
    const queries: Tensor2D = tf.scatterND(at.expandDims(1), q, [shape.batch * shape.length, q.shape[1]]);
    return tf.gather(attention(queries, k, v, shape, positions), at);
  });
}

/** [B*T, H*hd] -> [B, H, T, hd]. */
function splitHeads(x: Tensor2D, batch: number, length: number, heads: number): Tensor4D {
  return x.reshape<Tensor4D>([batch, length, heads, x.shape[1] / heads]).transpose<Tensor4D>([0, 2, 1, 3]);
}

/** Rotary positions, half-split form, on the first dimensions: (a, b) -> (a cos - b sin, b cos + a sin). */
function rotate(x: Tensor4D, { cos, sin }: RotaryTable): Tensor4D {
  const half = cos.shape[1];
  const left = x.shape[3] - 2 * half;
  const [a, b, ...rest] = tf.split(x, left > 0 ? [half, half, left] : 2, 3) as [Tensor4D, Tensor4D];
  const first = tf.sub<Tensor4D>(tf.mul(a, cos), tf.mul(b, sin));
  const second = tf.add<Tensor4D>(tf.mul(b, cos), tf.mul(a, sin));
  return tf.concat([first, second, ...rest], 3);
}

/** Added to scores: -1e9 where a query may not look, else 0 or what ALiBi adds; [T, T] or [H, T, T]. */
function scoreBias({ length, window = Infinity }: AttentionShape, positions: AttentionPositions): Tensor {
  const mask = new Float32Array(length * length);
  const ago = new Float32Array(length * length);
  for (let i = 0; i < length; i++)
    for (let j = 0; j < length; j++) {
      ago[i * length + j] = j - i;
      if (j > i || j <= i - window) mask[i * length + j] = -1e9;
    }
  const masked = tf.tensor2d(mask, [length, length]);
  const slopes = slopesOf(positions);
  if (!slopes) return masked;
  return tf.add(tf.mul(slopes.reshape([-1, 1, 1]), tf.tensor2d(ago, [length, length])), masked);
}
