import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { differentiable } from '../ops/differentiable.ts';
import { tf } from '../tf.ts';
import { runProgram } from './program.ts';

/** See {@link Ops.embed}. */
export function embed(weight: Tensor2D, ids: Tensor1D, padding = -1): Tensor2D {
  const [vocabulary] = weight.shape;
  return differentiable<Tensor2D, 'weight'>(
    { weight },
    (save) => {
      save([ids]);
      return tf.gather(weight, ids);
    },
    (dy, [at]) => ({ weight: () => scatter(dy as Tensor2D, at!, vocabulary, padding) }),
  );
}

/**
 * Sums of the rows of dy by id. A card adds up floats without races only where one thread has the sum: a workgroup a row of the
 * table looks for its id among all, and only where it is there goes through the rows.
 */
function scatter(dy: Tensor2D, ids: Tensor, vocabulary: number, padding: number): Tensor {
  const [n, d] = dy.shape;
  return runProgram({
    key: 'embed gradient',
    inputs: { DY: dy, IDS: ids },
    outputs: { DW: [vocabulary, d] },
    uniforms: { i32: { n, d, vocabulary, padding } },
    groups: vocabulary,
    code: () => `
      var<workgroup> found: atomic<i32>;

      fn main(id: i32, thread: i32) {
        if (id >= uniforms.vocabulary) { return; }
        if (id != uniforms.padding) {
          for (var row = thread; row < uniforms.n; row += GROUP) { if (IDS[row] == id) { atomicAdd(&found, 1); } }
        }
        workgroupBarrier();
        let times = atomicLoad(&found);
        for (var j = thread; j < uniforms.d; j += GROUP) {
          var sum = 0.0;
          var left = times;
          for (var row = 0; left > 0; row++) {
            if (IDS[row] == id) { sum += DY[row * uniforms.d + j]; left--; }
          }
          DW[id * uniforms.d + j] = sum;
        }
      }`,
  }).DW;
}
