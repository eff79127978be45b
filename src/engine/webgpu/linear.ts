import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { differentiable } from '../ops/differentiable.ts';
import { tf } from '../tf.ts';
import { columnSums } from './column-sums.ts';

/** See {@link Ops.linear}: TF.js's products; the bias is added in the same program. */
export function linear(x: Tensor2D, w: Tensor2D, bias?: Tensor1D, inOut = false): Tensor2D {
  return differentiable<Tensor2D, string>(
    bias ? { x, w, bias } : { x, w },
    (save) => {
      save([x, w]);
      return bias
        ? (tf.fused.matMul({ a: x, b: w, transposeB: !inOut, bias }) as Tensor2D)
        : tf.matMul(x, w, false, !inOut);
    },
    (dy, saved) => {
      const [input, weight] = saved as [Tensor, Tensor];
      return {
        x: () => tf.matMul(dy, weight, false, inOut),
        w: () => (inOut ? tf.matMul(input, dy, true) : tf.matMul(dy, input, true)),
        bias: () => columnSums(dy),
      };
    },
  );
}
