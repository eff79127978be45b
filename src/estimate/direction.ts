import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Engine } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import { ConfigError } from '../errors.ts';
import type { NoiseKey } from '../noise/index.ts';
import type { Parameter } from '../model/parameters.ts';
import { tensorId } from '../noise/index.ts';
import { baseLaw, DEFAULT_RANK, type DirectionLaw } from './law.ts';

/**
 * One ZO direction u over a set of tensors. It is a key, and never part of any state: its values are drawn from it, and a
 * tensor's part depends on (seed, step, query, tensor) alone, not on the partition, the order or the engine. The sphere's one
 * number that does depend on the set of tensors, its length, is in `scale`.
 */
export interface Direction {
  seed: number;
  step: number;
  query: number;
  law: DirectionLaw;
  /** Factor on the keyed noise; what {@link drawDirection} finds for the sphere, 1 when left out. */
  scale?: number;
  /** Rank of a `low-rank` direction's matrices; defaults to 2. */
  rank?: number;
}

/** The key of a tensor's part of a direction. */
export function keyOf(u: Direction, p: Parameter): NoiseKey {
  return { seed: u.seed, step: u.step, query: u.query, tensor: tensorId(p.name) };
}

/** A direction over `parameters`, ready for use: for the sphere this measures the Gaussian that is scaled to its radius. */
export async function drawDirection(
  engine: Engine,
  parameters: readonly Parameter[],
  key: Direction,
): Promise<Direction> {
  if (key.law !== 'sphere') return key;
  let [size, square] = [0, 0];
  for (const p of parameters) {
    const z = engine.ops.noise([...p.shape], keyOf(key, p), 'gaussian');
    try {
      square += await engine.ops.dot([[z, z]]);
    } finally {
      z.dispose();
    }
    size += p.size;
  }
  return { ...key, scale: Math.sqrt(size / square) };
}

/** A tensor's part of a direction, of the tensor's shape. It belongs to the caller. */
export function directionPart(engine: Engine, u: Direction, p: Parameter): Tensor {
  if (isLowRank(u, p)) return lowRankPart(engine, u, p);
  const z = engine.ops.noise([...p.shape], keyOf(u, p), baseLaw(u.law));
  const scale = scaleOf(u);
  if (scale === 1) return z;
  const part = z.mul<Tensor>(scale);
  z.dispose();
  return part;
}

/** What a tensor's part of a direction is before the direction's own scale. It belongs to the caller. */
export function basePart(engine: Engine, u: Direction, p: Parameter): Tensor {
  return isLowRank(u, p) ? lowRankPart(engine, u, p) : engine.ops.noise([...p.shape], keyOf(u, p), baseLaw(u.law)); // prettier-ignore
}

/** Whether a tensor's part of the direction is a product of two thin matrices: vectors are drawn whole under every law. */
export function isLowRank(u: Direction, p: Parameter): boolean {
  return u.law === 'low-rank' && p.shape.length === 2;
}

/** U V^T / sqrt(r), from keys of their own. */
export function lowRankPart(engine: Engine, u: Direction, p: Parameter): Tensor {
  const { rank = DEFAULT_RANK } = u;
  const factor = (side: 'U' | 'V', rows: number) => {
    const key = { ...keyOf(u, p), tensor: tensorId(`${p.name} ${side}`) };
    return engine.ops.noise([rows, rank], key, 'gaussian') as Tensor2D;
  };
  const [rows, columns] = p.shape as [number, number];
  return tf.tidy(() => {
    const left = factor('U', rows).mul<Tensor2D>(1 / Math.sqrt(rank));
    return engine.ops.linear(left, factor('V', columns));
  });
}

/** @throws ConfigError for a sphere whose length was not measured */
export function scaleOf(u: Direction): number {
  if (u.law === 'sphere' && u.scale === undefined)
    throw new ConfigError('A direction on the sphere has no length yet; make it with drawDirection().');
  return u.scale ?? 1;
}
