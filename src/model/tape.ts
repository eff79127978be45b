import type { Tensor } from '@tensorflow/tfjs';
import { tf } from '../engine/tf.ts';

/**
 * Value of `forward` and its gradients for `xs`; undefined for one that it does not depend on, and `allowNone` if that may be all of
 * them. A value that is no scalar needs `dy`, the gradient that comes from above. Nothing is left behind when it throws.
 */
export function withTape<T extends Tensor>(
  forward: () => T,
  xs: Tensor[],
  { dy, allowNone = false }: { dy?: T | undefined; allowNone?: boolean } = {},
): { value: T; grads: (Tensor | undefined)[] } {
  const engine = tf.engine();
  let value: T | undefined;
  try {
    return engine.gradients(() => (value = forward()), xs, dy, allowNone);
  } catch (error) {
    // TF.js 4.22 keeps the value, and the tensors saved on its tape, when forward or backward throws; free them.
    value?.dispose();
    for (const node of engine.state.activeTape ?? []) node.saved?.forEach((t) => t.dispose());
    engine.state.activeTape = null as never;
    throw error;
  }
}
