import type { Tensor } from '@tensorflow/tfjs';
import { tf } from '../tf.ts';

/** Values that one sum on the card takes, in float32. */
const ROW = 1024;

/** See {@link Ops.dot}: sums of 1,024 products on the card, those sums in float64 on the host. */
export async function dot(pairs: readonly (readonly [Tensor, Tensor])[]): Promise<number> {
  const sums = tf.tidy(() => pairs.map(([a, b]) => partial(tf.mul(a, b))));
  try {
    let total = 0;
    for (const values of await Promise.all(sums.map((s) => s.data()))) for (const x of values) total += x;
    return total;
  } finally {
    tf.dispose(sums);
  }
}

function partial(products: Tensor): Tensor {
  const rows = Math.ceil(products.size / ROW);
  const flat = tf.pad(tf.reshape(products, [products.size]), [[0, rows * ROW - products.size]]);
  return tf.sum(tf.reshape(flat, [rows, ROW]), 1);
}
