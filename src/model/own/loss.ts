import type { Scalar, Tensor } from '@tensorflow/tfjs';
import { ConfigError } from '../../errors.ts';
import { tf } from '../../engine/tf.ts';
import { isPromise, wordsOf } from './batch.ts';
import { isTensor, otherCopy } from './definition.ts';

/** Runs a loss of one's own: its mean [], to be differentiated, and a copy of all that it gave, to be read. Throws ConfigError. */
export function checkedLoss(run: () => unknown): { mean: Scalar; each: Tensor } {
  let given: unknown;
  try {
    given = run();
  } catch (error) {
    throw new ConfigError(`The loss failed: ${wordsOf(error)}.`, { cause: error });
  }
  if (isPromise(given)) {
    given.then(undefined, () => undefined); // what it still does, it does without its tensors
    throw new ConfigError('The loss gave a promise. It must be made without await: return a tensor.');
  }
  if (!isTensor(given)) {
    const what = given instanceof tf.Tensor ? `a tensor that ${otherCopy}` : `${typeof given}, not a tensor`;
    throw new ConfigError(`The loss gave ${what}`);
  }
  if (given.rank > 1 || given.size === 0 || given.dtype !== 'float32') {
    throw new ConfigError(
      `The loss gave a ${given.dtype} tensor of shape [${given.shape.join(', ')}]. ` +
        'Return float32: one number [], or one an example [n].',
    );
  }
  return { mean: given.rank === 0 ? (given as Scalar) : tf.mean<Scalar>(given), each: given.clone() };
}
