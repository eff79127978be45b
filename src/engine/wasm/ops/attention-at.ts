import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { AttentionPositions, AttentionShape } from '../../engine.ts';
import { rotaryOf, slopesOf } from '../../ops/positions.ts';
import { spansOf } from '../../ops/spans.ts';
import type { Workspace } from '../workspace.ts';

/** See {@link Ops.attentionAt}: span by span of queries that follow one another in a sequence. */
export function attentionAt(
  space: Workspace,
  places: Int32Array,
  q: Tensor2D,
  k: Tensor2D,
  v: Tensor2D,
  shape: AttentionShape,
  positions: AttentionPositions,
): Tensor2D {
  const { batch, length, heads, kvHeads, headDim, scale = 1 / Math.sqrt(headDim) } = shape;
  const { softcap = 0, window = 0 } = shape;
  const { kernels } = space;
  const rotary = rotaryOf(positions);
  const alibi = slopesOf(positions);
  const slopes = alibi ? space.at(alibi) : 0;
  const half = rotary?.cos.shape[1] ?? 0;
  const [cos, sin] = rotary ? [space.at(rotary.cos), space.at(rotary.sin)] : [0, 0];
  const queries = space.empty(q.shape);
  const out = space.empty<Tensor2D>(q.shape);
  let keys: Tensor = k;
  if (rotary) {
    keys = space.empty(k.shape);
    kernels.rotate(space.at(k), space.at(keys), cos, sin, batch, length, kvHeads, headDim, 2 * half, 1, 1);
  } else kernels.scaleVector(space.at(q), space.at(queries), q.size, scale);
  const work = space.attentionScratch(length)(0);
  const [from, turned, to, at, values] = [q, queries, out, keys, v].map((tensor) => space.at(tensor)) as [number, number, number, number, number]; // prettier-ignore
  const rowBytes = 4 * heads * headDim;
  for (const { row, place, count } of spansOf(places, length)) {
    const [sequence, first] = [Math.floor(place / length), place % length];
    const [skip, before] = [row * rowBytes, 4 * sequence * length * kvHeads * headDim];
    if (rotary) {
      const table = 4 * first * half;
      const sizes = [1, count, heads, headDim, 2 * half];
      kernels.rotate(from + skip, turned + skip, cos + table, sin + table, ...sizes, scale, 1);
    }
    const sizes = [first, count, length, heads, kvHeads, headDim];
    kernels.attentionSpan(
      turned + skip,
      at + before,
      values + before,
      to + skip,
      0,
      ...sizes,
      slopes,
      softcap,
      window,
      work,
    );
  }
  queries.dispose();
  if (keys !== k) keys.dispose();
  return out;
}
