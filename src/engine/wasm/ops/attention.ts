import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { AttentionPositions, AttentionShape, RotaryTable } from '../../engine.ts';
import { differentiable, isTapeOn } from '../../ops/differentiable.ts';
import { rotaryOf, slopesOf } from '../../ops/positions.ts';
import type { Kernels } from '../modules.ts';
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
  const rotary = rotaryOf(positions);
  const slopes = slopesOf(positions);
  const tables: Tensor[] = rotary ? [rotary.cos, rotary.sin] : slopes ? [slopes] : [];
  const recording = isTapeOn();
  /** Scales and turns `from` into `to`; way -1 is the gradient. */
  const place = (from: Tensor, to: Tensor, table: RotaryTable | undefined, by: number, way: number) => {
    const [x, y] = [space.at(from), space.at(to)];
    if (!table) {
      space.split('scaleVector', from.size, 1, (first, n) => [x + 4 * first, y + 4 * first, n, by]);
      return;
    }
    const angles = [space.at(table.cos), space.at(table.sin)];
    const sizes = [from.shape[1]! / headDim, headDim, 2 * table.cos.shape[1], by, way];
    const row = 4 * length * from.shape[1]!;
    space.split('rotate', batch, row / 4, (first, n) => [x + first * row, y + first * row, ...angles, n, length, ...sizes]); // prettier-ignore
  };
  /** Runs a kernel on the rows of the batch, each tensor of which has as much for every row. */
  const byRows = (kernel: keyof Kernels, tensors: (Tensor | undefined)[], alibi: Tensor | undefined) => {
    const at = tensors.map((t) =>
      t ? { from: space.at(t), row: (4 * t.size) / batch } : { from: 0, row: 0 },
    );
    const options = [alibi ? space.at(alibi) : 0, softcap, window];
    const scratch = space.attentionScratch(length);
    let part = 0;
    space.split(kernel, batch, (length * q.size) / batch, (first, n) => {
      const starts = at.map(({ from, row }) => from + first * row);
      return [...starts, n, length, heads, kvHeads, headDim, ...options, scratch(part++)];
    });
  };
  return differentiable<Tensor2D, 'q' | 'k' | 'v'>(
    { q, k, v },
    (save) => {
      const queries = space.empty<Tensor2D>(q.shape);
      place(q, queries, rotary, scale, 1);
      const keys = rotary ? space.empty<Tensor2D>(k.shape) : k;
      if (rotary) place(k, keys, rotary, 1, 1);
      const out = space.empty<Tensor2D>(q.shape);
      const lse = recording ? space.empty([batch * heads * length]) : undefined;
      byRows('attentionForward', [queries, keys, v, out, lse], slopes);
      if (lse) save([queries, keys, v, lse, ...tables]);
      return out;
    },
    (dy, saved) => {
      const [queries, keys, values, lse, ...kept] = saved as [Tensor, Tensor, Tensor, Tensor, ...Tensor[]];
      const [dq, dk, dv] = [space.empty(q.shape), space.empty(k.shape), space.empty(v.shape)];
      byRows('attentionBackward', [queries, keys, values, dy, lse, dq, dk, dv], slopes && kept[0]);
      const table = rotary && { cos: kept[0] as Tensor2D, sin: kept[1] as Tensor2D };
      place(dq, dq, table, scale, -1);
      if (table) place(dk, dk, table, 1, -1);
      return { q: () => dq, k: () => dk, v: () => dv };
    },
  );
}
