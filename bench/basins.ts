import { fillNoise, projectedGradient, stepSettings, type StepOptions } from '../src/index.ts';
import { zoUpdate } from '../src/train/zo-update.ts';

/** A Gaussian well of the loss. */
interface Well {
  at: readonly [number, number];
  depth: number;
  width: number;
}

/** Where training should end, and where it starts: half as deep, seven times narrower, on the other's slope 2 away. */
export const WIDE: Well = { at: [0, 0], depth: 1, width: 1 };
export const NARROW_DEPTH = 0.5;
export const NARROW_WIDTH = 0.15;
/** Keeps walkers from leaving for good. */
const BOWL = 0.02;

/** A loss f(x, y) of two weights. */
export interface Landscape {
  /** Where the narrow basin is. */
  narrow: readonly [number, number];
  value(x: number, y: number): number;
  gradient(x: number, y: number): [number, number];
  /** E f(x + sx u, y + sy v) for independent Gaussians u and v, exactly: what a ZO part with epsilon = sx, sy descends. */
  smoothed(x: number, y: number, sx: number, sy: number): { value: number; gradient: [number, number] };
}

/** The wide basin at the origin and the narrow one 2 away, `angle` from the y axis (the ZO weight's): 0 along ZO, 90 along FO. */
export function landscape(angle: number): Landscape {
  const turn = (angle * Math.PI) / 180;
  const narrow = [2 * Math.sin(turn), 2 * Math.cos(turn)] as const;
  const wells = [WIDE, { at: narrow, depth: NARROW_DEPTH, width: NARROW_WIDTH }];
  const smoothed: Landscape['smoothed'] = (x, y, sx, sy) => {
    let value = BOWL * (x * x + y * y + sx * sx + sy * sy);
    const gradient: [number, number] = [2 * BOWL * x, 2 * BOWL * y];
    for (const { at, depth, width } of wells) {
      const [vx, vy] = [width * width + sx * sx, width * width + sy * sy];
      const [dx, dy] = [x - at[0], y - at[1]];
      const well = ((depth * width * width) / Math.sqrt(vx * vy)) * Math.exp(-(dx * dx) / (2 * vx) - (dy * dy) / (2 * vy)); // prettier-ignore
      value -= well;
      gradient[0] += (well * dx) / vx;
      gradient[1] += (well * dy) / vy;
    }
    return { value, gradient };
  };
  return {
    narrow,
    smoothed,
    value: (x, y) => smoothed(x, y, 0, 0).value,
    gradient: (x, y) => smoothed(x, y, 0, 0).gradient,
  };
}

/** What moves a weight: backpropagation, or the ZO estimate. */
export type Mover = 'FO' | 'ZO';

/**
 * How the ZO weights are moved: by the estimate; by its control of the same size with a coin for its sign; by the true gradient with noise of
 * the estimate's variance; by the gradient of the smoothed loss, without noise.
 */
export type Way = 'estimate' | 'coin' | 'gradient with noise' | 'smoothed gradient';

export interface Walk {
  on: Landscape;
  x: Mover;
  y: Mover;
  way: Way;
  epsilon: number;
  rateZO: number;
  rateFO: number;
  alpha: number;
  steps: number;
  seed: number;
}

/**
 * A run from next to the bottom of the narrow basin: Algorithm 1 on two weights, both updates in their plain form (AdamW's would hide the size of the
 * gradient, and with it the basin's). Returns the places, two numbers each.
 */
export function walk({
  on,
  x: moverX,
  y: moverY,
  way,
  epsilon,
  rateZO,
  rateFO,
  alpha,
  steps,
  seed,
}: Walk): Float64Array {
  const options: StepOptions = { epsilon, rateZO, alpha, updateZO: way === 'coin' ? 'noise' : 'sgd' };
  const settings = stepSettings(options);
  const draws = [0, 1].map((tensor) => {
    const out = new Float32Array(steps);
    fillNoise(out, { seed, step: 0, query: 0, tensor }, 'gaussian');
    return out;
  }) as [Float32Array, Float32Array];
  const moved = [moverX === 'ZO' ? 1 : 0, moverY === 'ZO' ? 1 : 0] as const;
  const path = new Float64Array(2 * (steps + 1));
  let [x, y] = start(on, seed);
  path.set([x, y]);
  for (let step = 0; step < steps; step++) {
    const u = [moved[0] * draws[0][step]!, moved[1] * draws[1][step]!] as const;
    const clean = on.value(x, y);
    const there = [x + epsilon * u[0], y + epsilon * u[1]] as const;
    const plus = on.value(...there);
    const g = on.gradient(x, y);
    const gThere = on.gradient(...there);
    const move = zoMove(u, plus, clean, step);
    x -= moved[0] ? move[0] : rateFO * (g[0] + alpha * gThere[0]);
    y -= moved[1] ? move[1] : rateFO * (g[1] + alpha * gThere[1]);
    path.set([x, y], 2 * (step + 1));
  }
  return path;

  /** eta_ZO times what takes the gradient's place in the ZO weights. */
  function zoMove(u: readonly [number, number], plus: number, clean: number, step: number): [number, number] {
    if (way === 'smoothed gradient') {
      const { gradient } = on.smoothed(x, y, moved[0] * epsilon, moved[1] * epsilon);
      return [rateZO * gradient[0], rateZO * gradient[1]];
    }
    if (way === 'gradient with noise') {
      const spread = estimateSpread(on, x, y, moved, epsilon);
      const g = on.gradient(x, y);
      return [rateZO * (g[0] + spread[0] * u[0]), rateZO * (g[1] + spread[1] * u[1])];
    }
    const c = projectedGradient(settings, { plus, minus: clean });
    const { scalars, rate } = zoUpdate(settings, [{ seed, step, query: 0, law: 'gaussian' }], [c], rateZO);
    return [rate * scalars[0]! * u[0], rate * scalars[0]! * u[1]];
  }
}

/** Gauss-Hermite's would need a table; on a fine even grid the trapezoidal rule is as good for such smooth functions. */
const NODES = Array.from({ length: 25 }, (_, i) => (i - 12) / 2.4);
const WEIGHTS = NODES.map((u) => Math.exp((-u * u) / 2) / (2.4 * Math.sqrt(2 * Math.PI)));

/** Standard deviation of the one-sided estimate's components at a place; one weight moves. */
function estimateSpread(
  on: Landscape,
  x: number,
  y: number,
  moved: readonly [number, number],
  epsilon: number,
): [number, number] {
  const clean = on.value(x, y);
  let [mean, square] = [0, 0];
  NODES.forEach((u, i) => {
    const c = (on.value(x + moved[0] * epsilon * u, y + moved[1] * epsilon * u) - clean) / epsilon;
    mean += WEIGHTS[i]! * c * u;
    square += WEIGHTS[i]! * (c * u) ** 2;
  });
  const spread = Math.sqrt(Math.max(0, square - mean * mean));
  return [moved[0] * spread, moved[1] * spread];
}

/** A little off the bottom, where even an unstable step would stand still. */
function start(on: Landscape, seed: number): [number, number] {
  const off = new Float32Array(2);
  fillNoise(off, { seed, step: 0, query: 1, tensor: 0 }, 'gaussian');
  const [x, y] = bottom(on);
  return [x + 0.1 * NARROW_WIDTH * off[0]!, y + 0.1 * NARROW_WIDTH * off[1]!];
}

/** The minimum of the narrow basin, by gradient descent that cannot leave it. */
export function bottom(on: Landscape): [number, number] {
  let [x, y] = on.narrow;
  for (let i = 0; i < 2000; i++) {
    const g = on.gradient(x, y);
    x -= 0.01 * g[0];
    y -= 0.01 * g[1];
  }
  return [x, y];
}

/** Whether a walk ended in the wide basin. */
export const escaped = (path: Float64Array): boolean => Math.hypot(path.at(-2)!, path.at(-1)!) < 1;
