import { ConfigError } from '../errors.ts';
import { tf } from '../engine/tf.ts';
import type { Objective } from './objective.ts';
import { estimate, type Measured } from './statistics.ts';
import { dispose, drawn, inner, mapVector, scaled, shift, type Vector } from './vectors.ts';

/** Query number of the directions. */
const QUERY = 0x80000004;

/** How much the loss rises near the weights. */
export interface SharpnessReport {
  loss: number;
  /** Length of the displacement as a share of each tensor's own norm. */
  radius: number;
  /** Mean rise over random displacements and their opposites, so the slope cancels: curvature alone. */
  rise: Measured;
  /** Rise along the gradient with the same total length: slope and curvature at their worst (as SAM climbs, arXiv 2010.01412). */
  ascent: number;
  forwards: number;
  gradients: number;
}

/**
 * Loss under displacements of fixed relative length. Random ones move each tensor by `radius` of its norm, so that no tensor's
 * scale counts. Price: 2 directions + 2 forward passes, one gradient.
 */
export async function measureSharpness(
  objective: Objective,
  { radius = 0.05, directions = 8, seed = 0 } = {},
): Promise<SharpnessReport> {
  if (!(radius > 0 && Number.isFinite(radius)))
    throw new ConfigError(`radius is ${radius}; give a positive share of the weights' norm, such as 0.05.`);
  if (!Number.isSafeInteger(directions) || directions < 2)
    throw new ConfigError(`directions is ${directions}; take a whole number from 2 on.`);
  const { engine, parameters } = objective;
  const rises: number[] = [];
  try {
    const loss = await objective.lossAt();
    let length = 0;
    for (let i = 0; i < directions; i++) {
      const z = drawn(engine, parameters, { seed, step: i, query: QUERY, law: 'gaussian' });
      const v = relative(objective, z);
      try {
        length = Math.max(length, radius * Math.sqrt(await inner(engine, v, v)));
        const above = await objective.lossAt(shift(engine, [v, radius]));
        const below = await objective.lossAt(shift(engine, [v, -radius]));
        rises.push((above + below) / 2 - loss);
      } finally {
        dispose(z, v);
      }
    }
    const { gradients } = await objective.gradient();
    try {
      const norm = Math.sqrt(await inner(engine, gradients, gradients));
      const unit = scaled(gradients, 1 / norm);
      try {
        const ascent = (await objective.lossAt(shift(engine, [unit, length]))) - loss;
        const forwards = 2 * directions + 2;
        return { loss, radius, rise: estimate(rises), ascent, forwards, gradients: 1 };
      } finally {
        dispose(unit);
      }
    } finally {
      dispose(gradients);
    }
  } finally {
    objective.release?.();
  }
}

/** Each tensor of z at the length of its weight. */
function relative(objective: Objective, z: Vector): Vector {
  return mapVector(z, (t, p) => tf.tidy(() => t.mul(tf.div(tf.norm(objective.weight(p)), tf.norm(t)))));
}
