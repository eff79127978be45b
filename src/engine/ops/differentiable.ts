import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs';
import { tf } from '../tf.ts';

/** Keeps tensors for the gradient; does nothing when no tape is recording. */
export type Save = (tensors: Tensor[]) => void;

/** Gradients of the inputs by name, each computed only when it is asked for. */
export type GradientThunks<Name extends string> = Record<Name, () => Tensor>;

interface CustomKernel<T> {
  inputs: NamedTensorMap;
  forwardFunc: (backend: unknown, save: Save) => T;
  backwardsFunc: (dy: Tensor, saved: Tensor[]) => Record<string, () => Tensor>;
}

interface TapeEngine {
  state: { gradientDepth: number; activeScope: { id: number } };
  isTapeOn(): boolean;
  runKernelFunc<T extends Tensor | Tensor[]>(kernel: CustomKernel<T>): T;
}

/** True while TF.js records operations for a gradient. Ask before the forward function: inside it the answer is no. */
export function isTapeOn(): boolean {
  return (tf.engine() as unknown as TapeEngine).isTapeOn();
}

/**
 * An operation with a gradient of its own. `tf.customGrad` would compute every gradient eagerly; this one computes only
 * those on the way to the asked inputs. Inputs that `backward` needs must be passed to `save` like anything else.
 * With several outputs `dy` is the gradient of the first and `dys` has that of each.
 */
export function differentiable<T extends Tensor | Tensor[], Name extends string>(
  inputs: Record<Name, Tensor>,
  forward: (save: Save) => T,
  backward: (dy: Tensor, saved: Tensor[], dys: Tensor[]) => GradientThunks<Name>,
): T {
  return (tf.engine() as unknown as TapeEngine).runKernelFunc<T>({
    inputs,
    forwardFunc: (_, save) => {
      let kept: Tensor[] = [];
      const y = forward((tensors) => (kept = tensors));
      save(kept); // at the end: TF.js would not free them if the rest threw
      return y;
    },
    backwardsFunc: (given: Tensor | Tensor[], saved) => {
      const dys = Array.isArray(given) ? given : [given];
      releaseSpent(dys, saved);
      return backward(dys[0]!, saved, dys);
    },
  });
}

let spent: { scope: number; tensors: Tensor[] } = { scope: -1, tensors: [] };

/**
 * TF.js holds what every operation saved, and every intermediate gradient, until the whole backward pass is over. It
 * visits one operation after the other, so when the next asks for its gradient the tensors of the one before are
 * spent: they are disposed of here, which halves the peak. Left alone are a gradient that came from outside the pass
 * (the caller's dy) and nested passes, whose tape is used again.
 */
function releaseSpent(dys: Tensor[], saved: Tensor[]): void {
  const { gradientDepth, activeScope } = (tf.engine() as unknown as TapeEngine).state;
  if (gradientDepth > 0) return;
  if (spent.scope === activeScope.id) tf.dispose(spent.tensors);
  const ours = (dys as unknown as { scopeId: number }[]).map(({ scopeId }) => scopeId === activeScope.id);
  spent = { scope: activeScope.id, tensors: [...saved, ...dys.filter((_, i) => ours[i])] };
}
