import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import { differentiable } from '../../ops/differentiable.ts';
import type { Workspace } from '../workspace.ts';

/** See {@link Ops.swiglu}. */
export function swiglu(space: Workspace, gate: Tensor2D, up: Tensor2D): Tensor2D {
  return differentiable<Tensor2D, 'gate' | 'up'>(
    { gate, up },
    (save) => {
      save([gate, up]);
      const y = space.empty<Tensor2D>(gate.shape);
      space.kernels.swigluForward(space.at(gate), space.at(up), space.at(y), gate.size);
      return y;
    },
    (dy, saved) => {
      const [dgate, dup] = [space.empty(gate.shape), space.empty(gate.shape)];
      const at = [...saved, dy, dgate, dup].map((tensor: Tensor) => space.at(tensor));
      space.kernels.swigluBackward(...(at as [number, number, number, number, number]), dy.size);
      return { gate: () => dgate, up: () => dup };
    },
  );
}

/** See {@link Ops.add}. */
export function add(space: Workspace, a: Tensor2D, b: Tensor2D): Tensor2D {
  return differentiable<Tensor2D, 'a' | 'b'>(
    { a, b },
    () => {
      const y = space.empty<Tensor2D>(a.shape);
      space.kernels.addVectors(space.at(a), space.at(b), space.at(y), a.size);
      return y;
    },
    // A clone shares the data, but has a life of its own while the tape adds gradients up.
    (dy) => ({ a: () => dy.clone(), b: () => dy.clone() }),
  );
}
