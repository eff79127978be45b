import { ConfigError } from '../errors.ts';
import type { Objective } from './objective.ts';
import { dispose, inner, mapVector, shift, type Vector } from './vectors.ts';
import type { Tensor } from '@tensorflow/tfjs';

/**
 * Distance from w at which the two gradients of a difference are taken. In the sharpest direction of a trained model the loss is not
 * quadratic for long: on the tiny model a distance of 0.2 loses 30% of the largest eigenvalue, 0.01 is within 0.3% of its limit, and rounding
 * then costs a random vector's Hv about 0.5%.
 */
export const DIFFERENCE_LENGTH = 0.01;

/**
 * Hv by a central difference of gradients, (grad L(w + h v) - grad L(w - h v)) / 2h. The fused operations have no second
 * derivative, so this is not exact: the error is h^2 |D^4 L| / 6 + rounding of the gradients / h, and none but rounding on a
 * quadratic. Price: two gradients (forward and backward passes). The result belongs to the caller.
 * @param length - h |v|
 */
export async function hessianVector(
  objective: Objective,
  v: Vector,
  length = DIFFERENCE_LENGTH,
): Promise<Vector> {
  const { engine } = objective;
  const norm = Math.sqrt(await inner(engine, v, v));
  if (!(norm > 0)) throw new ConfigError('Hv of v = 0 was asked for; give a vector that is not zero.');
  const h = length / norm;
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
