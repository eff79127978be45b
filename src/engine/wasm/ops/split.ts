import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import { differentiable } from '../../ops/differentiable.ts';
import type { Workspace } from '../workspace.ts';

/** See {@link Ops.split}. */
export function split(space: Workspace, x: Tensor2D, widths: readonly number[]): Tensor2D[] {
  const [rows, columns] = x.shape;
  /** Visits each piece with the place of its first column in `whole`. */
  const each = (
    whole: Tensor,
    pieces: readonly Tensor[],
    visit: (at: number, piece: number, i: number) => void,
  ) => {
    let first = 0;
    pieces.forEach((piece, i) => {
      visit(space.at(whole) + 4 * first, space.at(piece), i);
      first += widths[i]!;
    });
  };
  return differentiable<Tensor[], 'x'>(
    { x },
    () => {
      const pieces = widths.map((width) => space.empty([rows, width]));
      each(x, pieces, (at, piece, i) =>
        space.kernels.copyColumns(at, columns, piece, widths[i]!, rows, widths[i]!),
      );
      return pieces;
    },
    (_, __, dys) => ({
      x: () => {
        const dx = space.empty([rows, columns]);
        each(dx, dys, (at, piece, i) =>
          space.kernels.copyColumns(piece, widths[i]!, at, columns, rows, widths[i]!),
        );
        return dx;
      },
    }),
  ) as Tensor2D[];
}
