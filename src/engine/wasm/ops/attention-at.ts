import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { AttentionPositions, AttentionShape } from '../../engine.ts';
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
  const rotary = positions && 'cos' in positions ? positions : undefined;
  const slopes = positions && 'slopes' in positions ? space.at(positions.slopes) : 0;
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
  for (const { row, place, count } of spans(places, length)) {
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

/** Runs of places that follow one another within a sequence: the row that each begins at, its place and its length. */
function* spans(
  places: Int32Array,
  length: number,
): Generator<{ row: number; place: number; count: number }> {
  for (let row = 0; row < places.length;) {
    const place = places[row]!;
    let count = 1;
    while (places[row + count] === place + count && (place + count) % length > 0) count++;
    yield { row, place, count };
    row += count;
  }
}
