import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Activation } from '../../engine.ts';
import { differentiable } from '../../ops/differentiable.ts';
import type { Workspace } from '../workspace.ts';

/** In the order of the kernels (assembly/activation.ts). */
const kinds: readonly Activation[] = ['silu', 'gelu', 'gelu-tanh', 'relu'];

/** See {@link Ops.activate}. */
export function activate(space: Workspace, x: Tensor2D, activation: Activation): Tensor2D {
  const kind = kinds.indexOf(activation);
  return differentiable<Tensor2D, 'x'>(
    { x },
    (save) => {
      save([x]);
      const y = space.empty<Tensor2D>(x.shape);
      space.kernels.activateForward(kind, space.at(x), space.at(y), x.size);
      return y;
    },
    (dy, [input]) => ({
      x: () => {
        const dx = space.empty(x.shape);
        space.kernels.activateBackward(kind, space.at(input!), space.at(dy), space.at(dx), dx.size);
        return dx;
      },
    }),
  );
}

/** See {@link Ops.gated}. */
export function gated(space: Workspace, gate: Tensor2D, up: Tensor2D, activation: Activation): Tensor2D {
  const kind = kinds.indexOf(activation);
  return differentiable<Tensor2D, 'gate' | 'up'>(
    { gate, up },
    (save) => {
      save([gate, up]);
      const y = space.empty<Tensor2D>(gate.shape);
      space.kernels.gatedForward(kind, space.at(gate), space.at(up), space.at(y), gate.size);
      return y;
    },
    (dy, saved) => {
      const [dgate, dup] = [space.empty(gate.shape), space.empty(gate.shape)];
      const at = [...saved, dy, dgate, dup].map((tensor: Tensor) => space.at(tensor));
      space.kernels.gatedBackward(kind, ...(at as [number, number, number, number, number]), dy.size);
      return { gate: () => dgate, up: () => dup };
    },
  );
}
