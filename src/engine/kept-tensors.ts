import type { Tensor } from '@tensorflow/tfjs';
import { tf } from './tf.ts';

/**
 * Runs `make` in a tidy; tensors that it hands to `keep` outlive that tidy and any around it, and belong to the caller. When it
 * throws, as when memory runs out half way, none is left.
 */
export function keptTensors<T>(make: (keep: <K extends Tensor>(tensor: K) => K) => T): T {
  const kept: Tensor[] = [];
  let made: T;
  try {
    tf.tidy(() => {
      made = make((tensor) => {
        kept.push(tf.keep(tensor));
        return tensor;
      });
    });
  } catch (error) {
    tf.dispose(kept);
    throw error;
  }
  return made!;
}
