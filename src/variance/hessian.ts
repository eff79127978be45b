import { ConfigError } from '../errors.ts';
import type { Objective } from './objective.ts';
import { dispose, inner, mapVector, shift, type Vector } from './vectors.ts';
import type { Tensor } from '@tensorflow/tfjs';

/**
 * Root mean square displacement of a weight at which the two gradients of a difference are taken. On the tiny model the
 * truncation error falls below rounding between 1e-4 and 1e-3; both are near 3e-4 of |Hv| here.
 */
export const DIFFERENCE_STEP = 3e-4;

/**
 * Hv by a central difference of gradients, (grad L(w + h v) - grad L(w - h v)) / 2h. The fused operations have no second
 * derivative, so this is not exact: the error is h^2 |D^4 L| / 6 + rounding of the gradients / h, and none but rounding on a
 * quadratic. Price: two gradients (forward and backward passes). The result belongs to the caller.
 * @param step - h times the root mean square of v
 */
export async function hessianVector(
  objective: Objective,
  v: Vector,
  step = DIFFERENCE_STEP,
): Promise<Vector> {
  const { engine } = objective;
  const size = [...v.keys()].reduce((n, p) => n + p.size, 0);
  const norm = Math.sqrt(await inner(engine, v, v));
  if (!(norm > 0)) throw new ConfigError('Hv of v = 0 was asked for; give a vector that is not zero.');
  const h = (step * Math.sqrt(size)) / norm;
  const above = await objective.gradient(shift(engine, [v, h]));
  try {
    const below = await objective.gradient(shift(engine, [v, -h]));
    try {
      return mapVector(above.gradients, (t, p) => difference(t, below.gradients.get(p)!, 2 * h));
    } finally {
      dispose(below.gradients);
    }
  } finally {
    dispose(above.gradients);
  }
}

function difference(a: Tensor, b: Tensor, by: number): Tensor {
  const gap = a.sub<Tensor>(b);
  const result = gap.mul<Tensor>(1 / by);
  gap.dispose();
  return result;
}

/** What a Hessian-vector product costs. */
export const HESSIAN_VECTOR_GRADIENTS = 2;
