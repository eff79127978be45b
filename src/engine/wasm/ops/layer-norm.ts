import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { differentiable, isTapeOn } from '../../ops/differentiable.ts';
import type { Workspace } from '../workspace.ts';

/** See {@link Ops.layerNorm}: one pass over memory each way. */
export function layerNorm(
  space: Workspace,
  x: Tensor2D,
  gain: Tensor1D,
  bias: Tensor1D,
  eps: number,
): Tensor2D {
  const [rows, d] = x.shape;
  const recording = isTapeOn();
  return differentiable<Tensor2D, 'x' | 'gain' | 'bias'>(
    { x, gain, bias },
    (save) => {
      const y = space.empty<Tensor2D>([rows, d]);
      const stat = recording ? space.empty([rows, 2]) : undefined;
      const [from, scale, shift, to] = [x, gain, bias, y].map((t: Tensor) => space.at(t)) as [number, number, number, number]; // prettier-ignore
      const kept = stat ? space.at(stat) : 0;
      space.split('layerForward', rows, d, (first, n) => {
        const row = 4 * first * d;
        return [from + row, scale, shift, to + row, kept && kept + 8 * first, n, d, eps];
      });
      if (stat) save([x, gain, stat]);
      return y;
    },
    (dy, saved) => {
      const [dx, dgain] = [space.empty([rows, d]), space.empty([d])];
      const at = [...saved, dy, dx, dgain].map((t) => space.at(t));
      space.kernels.layerBackward(...(at as [number, number, number, number, number, number]), rows, d);
      return {
        x: () => dx,
        gain: () => dgain,
        bias: () => {
          const dbias = space.empty([d]);
          space.kernels.sumRows(space.at(dy), space.at(dbias), rows, d);
          return dbias;
        },
      };
    },
  );
}
