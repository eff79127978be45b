import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { tf } from '../tf.ts';
import { differentiable } from './differentiable.ts';

/** See {@link Ops.embed}; the gradient adds up the rows of dy that share an id. */
export function embed(weight: Tensor2D, ids: Tensor1D, padding?: number): Tensor2D {
  return differentiable(
    { weight },
    (save) => {
      save([ids]);
      return tf.gather(weight, ids);
    },
    (dy, saved) => ({
      weight: () => scatterAdd(dy as Tensor2D, saved[0] as Tensor1D, weight.shape[0], padding),
    }),
  );
}

function scatterAdd(dy: Tensor2D, ids: Tensor1D, vocabulary: number, padding?: number): Tensor {
  if (padding === undefined) return tf.unsortedSegmentSum(dy, ids, vocabulary);
  const counted = tf.cast(tf.notEqual(ids, tf.scalar(padding, 'int32')), 'float32');
  return tf.unsortedSegmentSum(tf.mul(dy, tf.expandDims(counted, 1)), ids, vocabulary);
}
