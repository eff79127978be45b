import type { Tensor2D } from '@tensorflow/tfjs';
import { differentiable } from '../../ops/differentiable.ts';
import type { Workspace } from '../workspace.ts';

/** See {@link Ops.add}. */
export function add(space: Workspace, a: Tensor2D, b: Tensor2D): Tensor2D {
  return differentiable<Tensor2D, 'a' | 'b'>(
    { a, b },
    () => {
      const y = space.empty<Tensor2D>(a.shape);
      const at = [a, b, y].map((t) => space.at(t));
      space.split('addVectors', a.size, 1, (first, n) => [...at.map((p) => p + 4 * first), n]);
      return y;
    },
    // A clone shares the data, but has a life of its own while the tape adds gradients up.
    (dy) => ({ a: () => dy.clone(), b: () => dy.clone() }),
  );
}
