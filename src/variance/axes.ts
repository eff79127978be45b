import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Engine } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import { ConfigError } from '../errors.ts';
import type { Parameter } from '../model/parameters.ts';
import type { Objective } from './objective.ts';
import { dispose, drawn, inner, mapVector, plus, scaled, type Vector } from './vectors.ts';

/** Query number of random axes. */
const QUERY = 0x80000006;

/**
 * A direction with every filter (row of a matrix) at the length of the weight's own, and 0 in tensors of one dimension, so that
 * widths of basins can be compared between models (Li et al., Visualizing the loss landscape of neural nets, NeurIPS 2018,
 * section 4, and its code's treatment of norms and biases). Belongs to the caller.
 */
export function filterNormalized(objective: Objective, v: Vector): Vector {
  return mapVector(v, (t, p) => {
    if (t.rank < 2) return tf.zerosLike(t);
    return tf.tidy(() => {
      const rows = (x: Tensor) => x.reshape<Tensor2D>([x.shape[0], x.size / x.shape[0]]);
      const length = (x: Tensor) => tf.sqrt(tf.sum(tf.square(rows(x)), 1, true));
      const own = tf.maximum(length(t), 1e-30);
      return rows(t)
        .mul<Tensor>(tf.div(length(objective.weight(p)), own))
        .reshape<Tensor>(t.shape);
    });
  });
}

/** A keyed Gaussian direction, filter-normalized. Belongs to the caller. */
export function randomAxis(objective: Objective, seed: number, index = 0): Vector {
  const u = { seed, step: index, query: QUERY, law: 'gaussian' as const };
  const z = drawn(objective.engine, objective.parameters, u);
  try {
    return filterNormalized(objective, z);
  } finally {
    dispose(z);
  }
}

/** The direction of the gradient at the length of `like`, or a share of it. Belongs to the caller. */
export async function gradientAxis(objective: Objective, like: Vector, share = 1): Promise<Vector> {
  const { engine } = objective;
  const { gradients } = await objective.gradient();
  try {
    const [g2, wanted] = [await inner(engine, gradients, gradients), await inner(engine, like, like)];
    if (!(g2 > 0)) throw new ConfigError('The gradient is 0 here; take a random axis.');
    return scaled(gradients, share * Math.sqrt(wanted / g2));
  } finally {
    dispose(gradients);
  }
}

/** A place projected on a plane through the centre. */
export interface PlanePoint {
  x: number;
  y: number;
  /** Distance to the centre, and to the plane. */
  length: number;
  off: number;
}

/** The two main directions of a training path, and the share of its spread about the centre that each holds. */
export interface PathAxes {
  axes: [Vector, Vector];
  shares: [number, number];
}

/**
 * Main directions of a path of weights about `center` (Li et al. 2018, section 7): the first two eigenvectors of the differences'
 * inner products, at length 1. The axes belong to the caller.
 * @param path - weights at two or more times, which differ from the centre
 */
export async function pathAxes(engine: Engine, center: Vector, path: readonly Vector[]): Promise<PathAxes> {
  if (path.length < 2)
    throw new ConfigError(`A path of ${path.length} points has no two directions; keep more.`);
  const steps: Vector[] = [];
  try {
    for (const w of path) steps.push(plus(engine, w, center, -1));
    const gram: number[][] = steps.map(() => []);
    for (let i = 0; i < steps.length; i++) {
      for (let j = i; j < steps.length; j++)
        gram[i]![j] = gram[j]![i] = await inner(engine, steps[i]!, steps[j]!);
    }
    const total = gram.reduce((s, row, i) => s + row[i]!, 0);
    const made: Vector[] = [];
    const shares: number[] = [];
    for (let k = 0; k < 2; k++) {
      const { value, vector } = leading(gram);
      if (!(value > 1e-12 * total)) {
        dispose(...made);
        throw new ConfigError('The path lies on one line (or does not move); take a random second axis.');
      }
      shares.push(value / total);
      made.push(combination(engine, steps, vector.map((x) => x / Math.sqrt(value)))); // prettier-ignore
      gram.forEach((row, i) => row.forEach((_, j) => (row[j]! -= value * vector[i]! * vector[j]!)));
    }
    return { axes: made as [Vector, Vector], shares: shares as [number, number] };
  } finally {
    dispose(...steps);
  }
}

/** Coordinates of w - center on two axes, by least squares; its length, and the length of what lies off the plane. */
export async function project(
  engine: Engine,
  w: Vector,
  center: Vector,
  [a, b]: readonly [Vector, Vector],
): Promise<PlanePoint> {
  const v = plus(engine, w, center, -1);
  try {
    const [aa, ab, bb] = [await inner(engine, a, a), await inner(engine, a, b), await inner(engine, b, b)];
    const [va, vb, vv] = [await inner(engine, v, a), await inner(engine, v, b), await inner(engine, v, v)];
    const det = aa * bb - ab * ab;
    const [x, y] = [(va * bb - vb * ab) / det, (vb * aa - va * ab) / det];
    const inside = x * va + y * vb;
    return { x, y, length: Math.sqrt(vv), off: Math.sqrt(Math.max(0, vv - inside)) };
  } finally {
    dispose(v);
  }
}

/** The weights of an objective as they are now, copied. Belongs to the caller. */
export function snapshot(objective: Pick<Objective, 'parameters' | 'weight'>): Vector {
  return new Map<Parameter, Tensor>(
    objective.parameters.map((p) => [p, tf.keep(objective.weight(p).clone())]),
  );
}

/** Eigenvector of the largest eigenvalue of a small symmetric matrix with none below 0, by powers of it. */
function leading(matrix: readonly (readonly number[])[]): { value: number; vector: number[] } {
  const largest = matrix.reduce((best, row, i) => (row[i]! > matrix[best]![best]! ? i : best), 0);
  let vector = [...matrix[largest]!];
  let value = 0;
  for (let i = 0; i < 500; i++) {
    const norm = Math.hypot(...vector) || 1;
    vector = vector.map((x) => x / norm);
    const next = matrix.map((row) => row.reduce((s, x, j) => s + x * vector[j]!, 0));
    value = next.reduce((s, x, j) => s + x * vector[j]!, 0);
    vector = next;
  }
  const norm = Math.hypot(...vector) || 1;
  return { value, vector: vector.map((x) => x / norm) };
}

function combination(engine: Engine, vectors: readonly Vector[], by: readonly number[]): Vector {
  let sum = scaled(vectors[0]!, by[0]!);
  for (let i = 1; i < vectors.length; i++) {
    const next = plus(engine, sum, vectors[i]!, by[i]!);
    dispose(sum);
    sum = next;
  }
  return sum;
}
