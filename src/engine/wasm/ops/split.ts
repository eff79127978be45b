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
  const copy = (from: number, fromStride: number, to: number, toStride: number, width: number) =>
    space.split('copyColumns', rows, width, (first, n) => {
      const [x, y] = [from + 4 * first * fromStride, to + 4 * first * toStride];
      return [x, fromStride, y, toStride, n, width];
    });
  return differentiable<Tensor[], 'x'>(
    { x },
    () => {
      const pieces = widths.map((width) => space.empty([rows, width]));
      each(x, pieces, (at, piece, i) => copy(at, columns, piece, widths[i]!, widths[i]!));
      return pieces;
    },
    (_, __, dys) => ({
      x: () => {
        const dx = space.empty([rows, columns]);
        each(dx, dys, (at, piece, i) => copy(piece, widths[i]!, at, columns, widths[i]!));
        return dx;
      },
    }),
  ) as Tensor2D[];
}
