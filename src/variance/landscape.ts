import { ConfigError } from '../errors.ts';
import { moved, type Direction } from '../estimate/index.ts';
import { tf } from '../engine/tf.ts';
import type { PlanePoint } from './axes.ts';
import type { Move, Objective } from './objective.ts';
import { estimate, type Measured } from './statistics.ts';
import { shift, type Vector } from './vectors.ts';

/** Query number of the directions that smooth. */
const QUERY = 0x80000007;

/** Options of a cut through the loss. */
export interface CutOptions {
  /** Points on an axis; defaults to 21, a plane to 15. An odd number holds the centre. */
  points?: number;
  /** From -radius to radius in lengths of the axis; defaults to 1. */
  radius?: number;
  /** Also the smoothed loss E L(w + epsilon u) of this epsilon. */
  epsilon?: number;
  /** Directions, each with its opposite, that the smoothed loss is averaged over, the same at every point; defaults to 8. */
  draws?: number;
  /** Seed of those directions; defaults to 0. */
  seed?: number;
  /** Ends early; the points so far are kept (a plane keeps none). */
  signal?: AbortSignal;
  /** Called after each point. */
  onPoint?: (done: number, of: number) => void;
}

/** The loss along one axis through the weights. */
export interface LossLine {
  /** What the axis is, in words. */
  axis: string;
  at: number[];
  loss: number[];
  /** The smoothed loss at the same places, from common directions, so its shape is sharper than its error bars. */
  smoothed?: { epsilon: number; loss: Measured[] };
  /** Loss at the weights. */
  center: number;
}

/** The loss on a plane through the weights: `loss[j][i]` at (x[i], y[j]). */
export interface LossPlane {
  axes: readonly [string, string];
  x: number[];
  y: number[];
  loss: number[][];
  smoothed?: { epsilon: number; loss: number[][] };
  center: number;
  /** A training path on the plane, oldest first. */
  path?: PlanePoint[];
}

/**
 * The loss along an axis, and smoothed on request. Weights are as they were after it.
 * Price: points (1 + 2 draws) forward passes, without `epsilon` points.
 */
export async function lossLine(
  objective: Objective,
  axis: { name: string; vector: Vector },
  options: CutOptions = {},
): Promise<LossLine> {
  const { signal, onPoint } = options;
  const at = places(options, 21);
  const loss: number[] = [];
  const smooth: Measured[] = [];
  const around = directions(options);
  const line = (t: number) => shift(objective.engine, [axis.vector, t]);
  try {
    const center = await objective.lossAt();
    for (const t of at) {
      if (signal?.aborted) break;
      loss.push(await objective.lossAt(line(t)));
      if (around.length) smooth.push(estimate(await smoothed(objective, line(t), around, options.epsilon!)));
      onPoint?.(loss.length, at.length);
      await new Promise(setImmediate);
    }
    const found: LossLine = { axis: axis.name, at: at.slice(0, loss.length), loss, center };
    return around.length ? { ...found, smoothed: { epsilon: options.epsilon!, loss: smooth } } : found;
  } finally {
    objective.release?.();
  }
}

/** The loss on the plane of two axes, and smoothed on request. Price: points^2 (1 + 2 draws) forward passes. */
export async function lossPlane(
  objective: Objective,
  [a, b]: readonly [{ name: string; vector: Vector }, { name: string; vector: Vector }],
  options: CutOptions & { radii?: readonly [number, number] } = {},
): Promise<LossPlane> {
  const { signal, onPoint } = options;
  const [x, y] = [0, 1].map((i) => places({ ...options, radius: options.radii?.[i] ?? options.radius }, 15)) as [number[], number[]]; // prettier-ignore
  const around = directions(options);
  const loss: number[][] = [];
  const smooth: number[][] = [];
  try {
    const center = await objective.lossAt();
    for (const [j, t] of y.entries()) {
      loss.push([]);
      smooth.push([]);
      for (const [i, s] of x.entries()) {
        if (signal?.aborted)
          throw new ConfigError(`Stopped after ${j * x.length + i} of ${x.length * y.length} points of the plane.`); // prettier-ignore
        const move = shift(objective.engine, [a.vector, s], [b.vector, t]);
        loss[j]!.push(await objective.lossAt(move));
        if (around.length)
          smooth[j]!.push(estimate(await smoothed(objective, move, around, options.epsilon!)).mean);
        onPoint?.(j * x.length + i + 1, x.length * y.length);
        await new Promise(setImmediate);
      }
    }
    const found: LossPlane = { axes: [a.name, b.name], x, y, loss, center };
    return around.length ? { ...found, smoothed: { epsilon: options.epsilon!, loss: smooth } } : found;
  } finally {
    objective.release?.();
  }
}

/** Equally spaced from -radius to radius. */
function places({ points, radius = 1 }: CutOptions, usual: number): number[] {
  const n = points ?? usual;
  if (!Number.isSafeInteger(n) || n < 2)
    throw new ConfigError(`points is ${n}; take a whole number from 2 on.`);
  if (!(radius > 0 && Number.isFinite(radius)))
    throw new ConfigError(`radius is ${radius}; it must be positive.`);
  return Array.from({ length: n }, (_, i) => (2 * i === n - 1 ? 0 : -radius + (2 * radius * i) / (n - 1)));
}

function directions({ epsilon, draws = 8, seed = 0 }: CutOptions): Direction[] {
  if (epsilon === undefined) return [];
  if (!(epsilon > 0 && Number.isFinite(epsilon)))
    throw new ConfigError(`epsilon is ${epsilon}; it must be a positive number.`);
  if (!Number.isSafeInteger(draws) || draws < 2)
    throw new ConfigError(`draws is ${draws}; take a whole number from 2 on.`);
  return Array.from({ length: draws }, (_, step) => ({ seed, step, query: QUERY, law: 'gaussian' as const }));
}

/** Losses about a place, each the mean of a direction and its opposite: the slope cancels. */
async function smoothed(
  objective: Objective,
  place: Move,
  around: readonly Direction[],
  epsilon: number,
): Promise<number[]> {
  const at = (u: Direction, scale: number) =>
    objective.lossAt((p, w) => tf.tidy(() => moved(objective.engine, place(p, w), p, u, scale)));
  const losses: number[] = [];
  for (const u of around) losses.push(((await at(u, epsilon)) + (await at(u, -epsilon))) / 2);
  return losses;
}
