import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { AttentionPositions, AttentionShape, RotaryTable } from '../../engine.ts';
import { differentiable, isTapeOn } from '../../ops/differentiable.ts';
import type { Workspace } from '../workspace.ts';

/** See {@link Ops.attention}: scores of a few rows at a time, made again for the gradient (Dao et al. 2022). */
export function attention(
  space: Workspace,
  q: Tensor2D,
  k: Tensor2D,
  v: Tensor2D,
  shape: AttentionShape,
  positions: AttentionPositions,
): Tensor2D {
  const { batch, length, heads, kvHeads, headDim, scale = 1 / Math.sqrt(headDim) } = shape;
  const { softcap = 0, window = 0 } = shape;
  const sizes = [batch, length, heads, kvHeads, headDim];
  const rotary = positions && 'cos' in positions ? positions : undefined;
  const slopes = positions && 'slopes' in positions ? positions.slopes : undefined;
  const tables: Tensor[] = rotary ? [rotary.cos, rotary.sin] : slopes ? [slopes] : [];
  const recording = isTapeOn();
  /** Scales and turns `from` into `to`; way -1 is the gradient. */
  const place = (from: Tensor, to: Tensor, table: RotaryTable | undefined, by: number, way: number) => {
    if (!table) return space.kernels.scaleVector(space.at(from), space.at(to), from.size, by);
    const at = [from, to, table.cos, table.sin].map((tensor) => space.at(tensor));
    const count = from.shape[1]! / headDim;
    space.kernels.rotate(...at, batch, length, count, headDim, 2 * table.cos.shape[1], by, way);
  };
  const options = (alibi: Tensor | undefined) => [alibi ? space.at(alibi) : 0, softcap, window];
  return differentiable<Tensor2D, 'q' | 'k' | 'v'>(
    { q, k, v },
    (save) => {
      const queries = space.empty<Tensor2D>(q.shape);
      place(q, queries, rotary, scale, 1);
      const keys = rotary ? space.empty<Tensor2D>(k.shape) : k;
      if (rotary) place(k, keys, rotary, 1, 1);
      const out = space.empty<Tensor2D>(q.shape);
      const lse = recording ? space.empty([batch * heads * length]) : undefined;
      const work = space.attentionScratch(length);
      const at = [queries, keys, v, out].map((tensor: Tensor) => space.at(tensor));
      space.kernels.attentionForward(...at, lse ? space.at(lse) : 0, ...sizes, ...options(slopes), work);
      if (lse) save([queries, keys, v, lse, ...tables]);
      return out;
    },
    (dy, saved) => {
      const [queries, keys, values, lse, ...kept] = saved as [Tensor, Tensor, Tensor, Tensor, ...Tensor[]];
      const [dq, dk, dv] = [space.empty(q.shape), space.empty(k.shape), space.empty(v.shape)];
      const at = [queries, keys, values, dy, lse, dq, dk, dv].map((tensor) => space.at(tensor));
      const work = space.attentionScratch(length);
      space.kernels.attentionBackward(...at, ...sizes, ...options(slopes && kept[0]), work);
      const table = rotary && { cos: kept[0] as Tensor2D, sin: kept[1] as Tensor2D };
      place(dq, dq, table, scale, -1);
      if (table) place(dk, dk, table, 1, -1);
      return { q: () => dq, k: () => dk, v: () => dv };
    },
  );
}
