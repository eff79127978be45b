import type { Tensor, Tensor1D } from '@tensorflow/tfjs';
import { tf } from '../tf.ts';
import { GROUP, runProgram } from './program.ts';
import { SUMS } from './wgsl-sums.ts';

/** Products that one workgroup adds up, in float32. */
const ROW = 16 * GROUP;

/** See {@link Ops.dot}: sums of 1,024 products on the card, read at once, those sums in float64 on the host. */
export async function dot(pairs: readonly (readonly [Tensor, Tensor])[]): Promise<number> {
  if (pairs.length === 0) return 0;
  const sums = tf.tidy(() => tf.concat(pairs.map(([a, b]) => partial(a, b))));
  try {
    return (await sums.data<'float32'>()).reduce((total, x) => total + x, 0);
  } finally {
    sums.dispose();
  }
}

function partial(a: Tensor, b: Tensor): Tensor1D {
  const groups = Math.ceil(a.size / ROW);
  return runProgram({
    key: a === b ? 'squares' : 'products',
    inputs: a === b ? { A: a } : { A: a, B: b },
    outputs: { SUMS: [groups] },
    uniforms: { i32: { size: a.size, groups } },
    groups,
    code: () => `
      ${SUMS}
      fn main(group: i32, thread: i32) {
        if (group >= uniforms.groups) { return; }
        var sum = 0.0;
        let first = group * ${ROW};
        for (var i = first + thread; i < min(first + ${ROW}, uniforms.size); i += GROUP) {
          sum += A[i] * ${a === b ? 'A' : 'B'}[i];
        }
        let total = sums(thread, vec2(sum, 0.0)).x;
        if (thread == 0) { SUMS[group] = total; }
      }`,
  }).SUMS as Tensor1D;
}
