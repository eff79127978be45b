import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { differentiable } from '../../ops/differentiable.ts';
import type { Workspace } from '../workspace.ts';

/** See {@link Ops.embed}. */
export function embed(space: Workspace, weight: Tensor2D, ids: Tensor1D, padding = -1): Tensor2D {
  const [vocabulary, d] = weight.shape;
  return differentiable<Tensor2D, 'weight'>(
    { weight },
    (save) => {
      const atIds = space.atIds(ids, vocabulary, 'Token ids');
      save([ids]);
      const rows = space.empty<Tensor2D>([ids.size, d]);
      const [table, to] = [space.at(weight), space.at(rows)];
      space.split('gatherRows', ids.size, d, (first, n) => [
        table,
        atIds + 4 * first,
        to + 4 * first * d,
        n,
        d,
      ]);
      return rows;
    },
    (dy, saved) => ({
      weight: () => {
        const dw = space.empty([vocabulary, d]);
        const to = space.at(dw);
        space.split('zero', dw.size, 1, (first, n) => [to + 4 * first, n]);
        const [rows, atIds] = [saved[0]!.size, space.at(saved[0]!)];
        space.kernels.scatterRows(space.at(dy), atIds, to, rows, d, vocabulary, padding);
        return dw;
      },
    }),
  );
}
