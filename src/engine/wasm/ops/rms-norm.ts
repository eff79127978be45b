import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { differentiable, isTapeOn } from '../../ops/differentiable.ts';
import type { Workspace } from '../workspace.ts';

/** See {@link Ops.rmsNorm}: one pass each way. */
export function rmsNorm(space: Workspace, x: Tensor2D, gain: Tensor1D, eps: number): Tensor2D {
  const [rows, d] = x.shape;
  const recording = isTapeOn();
  return differentiable<Tensor2D, 'x' | 'gain'>(
    { x, gain },
    (save) => {
      const y = space.empty<Tensor2D>([rows, d]);
      const stat = recording ? space.empty([rows]) : undefined;
      const [from, scale, to] = [x, gain, y].map((t: Tensor) => space.at(t)) as [number, number, number];
      const kept = stat ? space.at(stat) : 0;
      space.split('rmsForward', rows, d, (first, n) => {
        const row = 4 * first * d;
        return [from + row, scale, to + row, kept && kept + 4 * first, n, d, eps];
      });
      if (stat) save([x, gain, stat]);
      return y;
    },
    (dy, saved) => {
      const dx = space.empty([rows, d]);
      const dgain = space.empty([d]);
      const [atX, atGain, atStat] = saved.map((tensor: Tensor) => space.at(tensor)) as [
        number,
        number,
        number,
      ];
      space.kernels.rmsBackward(atX, atGain, atStat, space.at(dy), space.at(dx), space.at(dgain), rows, d);
      return { x: () => dx, gain: () => dgain };
    },
  );
}
