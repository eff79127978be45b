import type { Tensor, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import type { AttentionShape, RotaryTable } from '../engine.ts';
import { tf } from '../tf.ts';

/**
 * See {@link Ops.attention}. Query heads that share a key head are stacked along the rows of one product, so that keys
 * and values are never repeated.
 */
export function attention(
  q: Tensor2D,
  k: Tensor2D,
  v: Tensor2D,
  shape: AttentionShape,
  rotary: RotaryTable,
): Tensor2D {
  const { batch, length, heads, kvHeads, headDim } = shape;
  const group = heads / kvHeads;
  return tf.tidy(() => {
    const queries = rotate(splitHeads(q, batch, length, heads), rotary).reshape<Tensor3D>([
      batch * kvHeads,
      group * length,
      headDim,
    ]);
    const keys = rotate(splitHeads(k, batch, length, kvHeads), rotary).reshape<Tensor3D>([
      batch * kvHeads,
      length,
      headDim,
    ]);
    const values = splitHeads(v, batch, length, kvHeads).reshape<Tensor3D>([
      batch * kvHeads,
      length,
      headDim,
    ]);
    const scores = tf
      .mul(tf.matMul(queries, keys, false, true), 1 / Math.sqrt(headDim))
      .reshape<Tensor4D>([batch * kvHeads, group, length, length]);
    const weights = tf.softmax(tf.add(scores, causalMask(length)));
    const mixed = tf.matMul(weights.reshape<Tensor3D>([batch * kvHeads, group * length, length]), values);
    return mixed
      .reshape<Tensor4D>([batch, heads, length, headDim])
      .transpose<Tensor4D>([0, 2, 1, 3])
      .reshape<Tensor2D>([batch * length, heads * headDim]);
  });
}

/** [B*T, H*hd] -> [B, H, T, hd]. */
function splitHeads(x: Tensor2D, batch: number, length: number, heads: number): Tensor4D {
  return x.reshape<Tensor4D>([batch, length, heads, x.shape[1] / heads]).transpose<Tensor4D>([0, 2, 1, 3]);
}

/** Rotary positions, half-split form: (a, b) -> (a cos - b sin, b cos + a sin). */
function rotate(x: Tensor4D, { cos, sin }: RotaryTable): Tensor4D {
  const [a, b] = tf.split(x, 2, 3) as [Tensor4D, Tensor4D];
  const first = tf.sub<Tensor4D>(tf.mul(a, cos), tf.mul(b, sin));
  const second = tf.add<Tensor4D>(tf.mul(b, cos), tf.mul(a, sin));
  return tf.concat([first, second], 3);
}

/** 0 at and below the diagonal, -1e9 above it. */
function causalMask(length: number): Tensor {
  const mask = new Float32Array(length * length);
  for (let i = 0; i < length; i++) mask.fill(-1e9, i * length + i + 1, (i + 1) * length);
  return tf.tensor2d(mask, [length, length]);
}
