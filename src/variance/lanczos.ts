import { NonFiniteError } from '../errors.ts';
import { DIFFERENCE_LENGTH, hessianVector } from './hessian.ts';
import type { Objective } from './objective.ts';
import { dispose, drawn, inner, plus, scaled, type Vector } from './vectors.ts';

/** Query number of the start vector. */
const QUERY = 0x80000002;

/** Extreme eigenvalues of a Hessian. */
export interface ExtremeEigenvalues {
  largest: number;
  smallest: number;
  /** Change of the larger in size by the last step, relative: what is still open. */
  change: number;
  /** Products taken. */
  steps: number;
}

/**
 * Largest and smallest eigenvalue of H over `objective.parameters` by Lanczos from a keyed Gaussian, three vectors in memory and
 * no re-orthogonalisation: copies of converged eigenvalues may appear, which leaves the ends right. Approaches them from inside.
 * Price: two gradients a step.
 */
export async function lanczos(
  objective: Objective,
  options: {
    steps?: number;
    seed?: number;
    length?: number;
    signal?: AbortSignal | undefined;
    onStep?: (done: number) => void;
  } = {},
): Promise<ExtremeEigenvalues> {
  const { steps = 12, seed = 0, length = DIFFERENCE_LENGTH, signal, onStep } = options;
  const { engine, parameters } = objective;
  const diagonal: number[] = [];
  const beside: number[] = [];
  let before: Vector | undefined;
  let v: Vector | undefined;
  try {
    const start = drawn(engine, parameters, { seed, step: 0, query: QUERY, law: 'gaussian' });
    try {
      v = scaled(start, 1 / Math.sqrt(await inner(engine, start, start)));
    } finally {
      dispose(start);
    }
    for (let k = 0; k < steps && !(signal?.aborted && k >= 2); k++) {
      let w: Vector = await hessianVector(objective, v, length);
      const subtract = (x: Vector, by: number) => {
        const next = plus(engine, w, x, -by);
        dispose(w);
        w = next;
      };
      try {
        if (before) subtract(before, beside[k - 1]!);
        const a = await inner(engine, w, v);
        if (!Number.isFinite(a)) throw new NonFiniteError(`Step ${k} of Lanczos met a curvature of ${a}.`);
        subtract(v, a);
        diagonal.push(a);
        const norm = Math.sqrt(await inner(engine, w, w));
        onStep?.(k + 1);
        if (!(norm > 1e-12 * Math.abs(a))) break; // the space is used up: exact
        beside.push(norm);
        dispose(before);
        before = v;
        v = scaled(w, 1 / norm);
      } finally {
        dispose(w);
      }
      await new Promise(setImmediate);
    }
  } finally {
    dispose(before, v);
  }
  const n = diagonal.length;
  const now = ends(diagonal, beside.slice(0, n - 1));
  const last = ends(diagonal.slice(0, n - 1), beside.slice(0, Math.max(0, n - 2)));
  const side = Math.abs(now.largest) >= Math.abs(now.smallest) ? 'largest' : 'smallest';
  const change = n > 1 ? Math.abs(now[side] - last[side]) / Math.abs(now[side]) : NaN;
  return { ...now, change, steps: n };
}

/** Largest and smallest eigenvalue of a symmetric tridiagonal matrix, by bisection on the number of eigenvalues below x. */
export function ends(
  diagonal: readonly number[],
  beside: readonly number[],
): { largest: number; smallest: number } {
  const n = diagonal.length;
  const radius = diagonal.map((_, i) => Math.abs(beside[i - 1] ?? 0) + Math.abs(beside[i] ?? 0));
  const low = Math.min(...diagonal.map((a, i) => a - radius[i]!));
  const high = Math.max(...diagonal.map((a, i) => a + radius[i]!));
  const below = (x: number): number => {
    let count = 0;
    let pivot = 1;
    for (let i = 0; i < n; i++) {
      const b = i > 0 ? beside[i - 1]! : 0;
      pivot = diagonal[i]! - x - (b * b) / (pivot || Number.EPSILON);
      if (pivot < 0) count++;
    }
    return count;
  };
  const find = (atLeast: number): number => {
    let [a, b] = [low, high];
    for (let i = 0; i < 100 && b - a > 1e-14 * Math.max(Math.abs(a), Math.abs(b)); i++) {
      const middle = (a + b) / 2;
      if (below(middle) >= atLeast) b = middle;
      else a = middle;
    }
    return (a + b) / 2;
  };
  return { largest: find(n), smallest: find(1) };
}
