import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { AttentionPositions, AttentionShape } from '../engine.ts';
import { differentiable, isTapeOn } from '../ops/differentiable.ts';
import { rotaryOf, slopesOf } from '../ops/positions.ts';
import { spansOf } from '../ops/spans.ts';
import { tf } from '../tf.ts';
import { attentionBackward } from './attention-backward.ts';
import { attentionForward } from './attention-forward.ts';
import { rotate } from './rotate.ts';
import { blockOf } from './wgsl-attention.ts';

/** See {@link Ops.attention}: no weights are kept, they are made again for the gradient. */
export function attention(
  q: Tensor2D,
  k: Tensor2D,
  v: Tensor2D,
  shape: AttentionShape,
  positions: AttentionPositions,
): Tensor2D {
  const table = rotaryOf(positions);
  const slopes = slopesOf(positions);
  const turn = table && { table, length: shape.length, headDim: shape.headDim };
  const recording = isTapeOn();
  return differentiable<Tensor2D, 'q' | 'k' | 'v'>(
    { q, k, v },
    (save) => {
      const turned = turn ? rotate(q, k, { ...turn, way: 1 }) : { q, k };
      const { out, lse } = attentionForward({ ...turned, v, slopes }, shape, { lse: recording });
      if (!lse) return out;
      const kept = slopes ? tf.concat([lse, slopes]) : lse;
      save([turned.q, turned.k, v, out, kept, ...(table ? [table.cos, table.sin] : [])]);
      return out;
    },
    (dy, saved) => {
      const [turnedQ, turnedK, values, out, lse, cos, sin] = saved as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor2D, Tensor2D]; // prettier-ignore
      const kept = { q: turnedQ, k: turnedK, v: values, out, lse, alibi: slopes !== undefined };
      const { dq, dk, dv } = attentionBackward(kept, dy, shape);
      if (!turn) return { q: () => dq, k: () => dk, v: () => dv };
      const back = rotate(dq, dk, { ...turn, table: { cos, sin }, way: -1 });
      tf.dispose([dq, dk]);
      return { q: () => back.q, k: () => back.k, v: () => dv };
    },
  );
}

/** See {@link Ops.attentionAt}: runs of places in one sequence are taken together, a block of queries at a time. */
export function attentionAt(
  places: Int32Array,
  q: Tensor2D,
  k: Tensor2D,
  v: Tensor2D,
  shape: AttentionShape,
  positions: AttentionPositions,
): Tensor2D {
  const { length, headDim } = shape;
  return tf.tidy(() => {
    const list = spansOf(places, length, blockOf(headDim)).map(({ row, place, count }) => [
      row,
      place,
      count,
    ]);
    const spans = tf.tensor2d(list, undefined, 'int32');
    const slopes = slopesOf(positions);
    const table = rotaryOf(positions);
    const turned = table
      ? rotate(q, k, { table, length, headDim, places: tf.tensor1d(places, 'int32'), way: 1 })
      : { q, k };
    return attentionForward({ ...turned, v, slopes }, shape, { spans }).out;
  });
}
