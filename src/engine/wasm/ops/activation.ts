import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Activation } from '../../engine.ts';
import { differentiable } from '../../ops/differentiable.ts';
import type { Kernels } from '../modules.ts';
import type { Workspace } from '../workspace.ts';

/** In the order of the kernels (assembly/activation.ts). */
const kinds: readonly Activation[] = ['silu', 'gelu', 'gelu-tanh', 'relu'];

/** See {@link Ops.activate}. */
export function activate(space: Workspace, x: Tensor2D, activation: Activation): Tensor2D {
  const each = elementwise(space, activation);
  return differentiable<Tensor2D, 'x'>(
    { x },
    (save) => {
      save([x]);
      const y = space.empty<Tensor2D>(x.shape);
      each('activateForward', [x, y]);
      return y;
    },
    (dy, [input]) => ({
      x: () => {
        const dx = space.empty(x.shape);
        each('activateBackward', [input!, dy, dx]);
        return dx;
      },
    }),
  );
}

/** See {@link Ops.gated}. */
export function gated(space: Workspace, gate: Tensor2D, up: Tensor2D, activation: Activation): Tensor2D {
  const each = elementwise(space, activation);
  return differentiable<Tensor2D, 'gate' | 'up'>(
    { gate, up },
    (save) => {
      save([gate, up]);
      const y = space.empty<Tensor2D>(gate.shape);
      each('gatedForward', [gate, up, y]);
      return y;
    },
    (dy, saved) => {
      const [dgate, dup] = [space.empty(gate.shape), space.empty(gate.shape)];
      each('gatedBackward', [...saved, dy, dgate, dup]);
      return { gate: () => dgate, up: () => dup };
    },
  );
}

/** Runs an element-wise kernel of one activation over tensors of one size. */
function elementwise(space: Workspace, activation: Activation) {
  const kind = kinds.indexOf(activation);
  return (kernel: keyof Kernels, tensors: readonly Tensor[]) => {
    const at = tensors.map((tensor) => space.at(tensor));
    space.split(kernel, tensors[0]!.size, 1, (first, n) => [kind, ...at.map((p) => p + 4 * first), n]);
  };
}
