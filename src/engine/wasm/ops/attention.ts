import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { AttentionShape, RotaryTable } from '../../engine.ts';
import { differentiable, isTapeOn } from '../../ops/differentiable.ts';
import type { Workspace } from '../workspace.ts';

/** See {@link Ops.attention}: scores of a few rows at a time, made again for the gradient (Dao et al. 2022). */
export function attention(
  space: Workspace,
  q: Tensor2D,
  k: Tensor2D,
  v: Tensor2D,
  shape: AttentionShape,
  { cos, sin }: RotaryTable,
): Tensor2D {
  const { batch, length, heads, kvHeads, headDim } = shape;
  const scale = 1 / Math.sqrt(headDim);
  const sizes = [batch, length, heads, kvHeads, headDim];
  const recording = isTapeOn();
  const rotate = (
    from: Tensor,
    to: Tensor,
    table: readonly [Tensor, Tensor],
    count: number,
    by: number,
    way: number,
  ) =>
    space.kernels.rotate(
      space.at(from),
      space.at(to),
      ...table.map((tensor) => space.at(tensor)),
      ...[batch, length, count, headDim, by, way],
    );
  return differentiable<Tensor2D, 'q' | 'k' | 'v'>(
    { q, k, v },
    (save) => {
      const queries = space.empty(q.shape);
      const keys = space.empty(k.shape);
      rotate(q, queries, [cos, sin], heads, scale, 1);
      rotate(k, keys, [cos, sin], kvHeads, 1, 1);
      const out = space.empty<Tensor2D>(q.shape);
      const lse = recording ? space.empty([batch * heads * length]) : undefined;
      const work = space.attentionScratch(length);
      const at = [queries, keys, v, out].map((tensor: Tensor) => space.at(tensor));
      space.kernels.attentionForward(...at, lse ? space.at(lse) : 0, ...sizes, work);
      if (lse) save([queries, keys, v, lse, cos, sin]);
      return out;
    },
    (dy, saved) => {
      const [queries, keys, values, lse, c, s] = saved as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
      const [dq, dk, dv] = [space.empty(q.shape), space.empty(k.shape), space.empty(v.shape)];
      const at = [queries, keys, values, dy, lse, dq, dk, dv].map((tensor) => space.at(tensor));
      space.kernels.attentionBackward(...at, ...sizes, space.attentionScratch(length));
      rotate(dq, dq, [c, s], heads, scale, -1);
      rotate(dk, dk, [c, s], kvHeads, 1, -1);
      return { q: () => dq, k: () => dk, v: () => dv };
    },
  );
}
