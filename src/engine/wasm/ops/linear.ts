import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { differentiable } from '../../ops/differentiable.ts';
import type { Workspace } from '../workspace.ts';

/** See {@link Ops.linear}. */
export function linear(space: Workspace, x: Tensor2D, w: Tensor2D, bias?: Tensor1D, inOut = false): Tensor2D {
  const n = x.shape[0];
  const [outputs, inputs] = inOut ? [w.shape[1], w.shape[0]] : w.shape;
  const stride = w.shape[1];
  return differentiable<Tensor2D, string>(
    bias ? { x, w, bias } : { x, w },
    (save) => {
      save([x, w]);
      const y = space.empty<Tensor2D>([n, outputs]);
      space.gemm(
        { at: space.at(x), stride: inputs },
        { at: space.at(w), stride, transposed: !inOut },
        { at: space.at(y), stride: outputs },
        [n, outputs, inputs],
      );
      if (bias) {
        const [to, from] = [space.at(y), space.at(bias)];
        space.split('addBias', n, outputs, (first, rows) => [to + 4 * first * outputs, from, rows, outputs]);
      }
      return y;
    },
    (dy, saved) => {
      const [input, weight] = saved as [Tensor, Tensor];
      return {
        x: () => {
          const dx = space.empty([n, inputs]);
          space.gemm(
            { at: space.at(dy), stride: outputs },
            { at: space.at(weight), stride, transposed: inOut },
            { at: space.at(dx), stride: inputs },
            [n, inputs, outputs],
          );
          return dx;
        },
        w: () => {
          const dw = space.empty(w.shape);
          const [xs, ys] = [
            { at: space.at(input), stride: inputs },
            { at: space.at(dy), stride: outputs },
          ];
          const [left, right, rows] = inOut ? [xs, ys, inputs] : [ys, xs, outputs];
          space.gemm({ ...left, transposed: true }, right, { at: space.at(dw), stride }, [rows, stride, n]);
          return dw;
        },
        bias: () => {
          const dbias = space.empty([outputs]);
          space.kernels.sumRows(space.at(dy), space.at(dbias), n, outputs);
          return dbias;
        },
      };
    },
  );
}
