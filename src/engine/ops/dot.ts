import type { Tensor } from '@tensorflow/tfjs';

/** See {@link Ops.dot}; the sum is taken in float64 on the host. */
export async function dot(pairs: readonly (readonly [Tensor, Tensor])[]): Promise<number> {
  let sum = 0;
  for (const [a, b] of pairs) {
    const [x, y] = await Promise.all([a.data(), a === b ? a.data() : b.data()]);
    for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  }
  return sum;
}
