import { ConfigError } from '../errors.ts';
import type { Parameter } from '../model/parameters.ts';
import { DIFFERENCE_LENGTH, HESSIAN_VECTOR_GRADIENTS, hessianVector } from './hessian.ts';
import { lanczos } from './lanczos.ts';
import type { Objective } from './objective.ts';
import { estimate, ratio, type Measured } from './statistics.ts';
import { dispose, drawn, inner } from './vectors.ts';

/** Query numbers of directions that no step and no other measurement uses. */
const QUERY = 0x80000001;

/** Options of a curvature measurement. */
export interface CurvatureOptions {
  /** Hutchinson probes for traces; defaults to 16. */
  probes?: number;
  /** Lanczos steps for the extreme eigenvalues; defaults to 12. */
  steps?: number;
  /** Seed of the probes; defaults to 0. */
  seed?: number;
  /** Distance of the differences, see `hessianVector`. */
  length?: number;
  /** Ends the measurement early with the probes so far; at least 2 are taken. */
  signal?: AbortSignal;
  /** Called after each Hessian-vector product. */
  onProduct?: (done: number, of: number) => void;
}

/** Curvature of the loss over the tensors that move. Products with H are central differences of gradients. */
export interface CurvatureReport {
  dimension: number;
  probes: number;
  /** tr H and |H|_F^2 by Hutchinson's estimator with signs. */
  trace: Measured;
  frobenius2: Measured;
  /** Largest and smallest eigenvalue by Lanczos, and how much the last step changed them: what is still open. */
  largest: number;
  smallest: number;
  change: number;
  /** tr H / lambda_max, the number that takes d's place in the step size; negative where H mostly bends down. */
  effectiveRank: Measured;
  /** |H|_F^2 / lambda^2 with the eigenvalue of largest size: never negative, so it also serves where H is indefinite. */
  stableRank: Measured;
  /** Trace of each tensor's own block. */
  tensors: { parameter: Parameter; trace: Measured }[];
  /** Gradients taken: the price. */
  gradients: number;
}

/**
 * tr H, |H|_F, the extreme eigenvalues and the effective rank over `objective.parameters`, at fixed weights.
 * Price: 2 (probes + steps) gradients.
 */
export async function measureCurvature(
  objective: Objective,
  options: CurvatureOptions = {},
): Promise<CurvatureReport> {
  const { probes = 16, steps = 12, seed = 0, length = DIFFERENCE_LENGTH, signal, onProduct } = options;
  if (!Number.isSafeInteger(probes) || probes < 2)
    throw new ConfigError(`probes is ${probes}; take a whole number from 2 on.`);
  if (!Number.isSafeInteger(steps) || steps < 2)
    throw new ConfigError(`steps is ${steps}; take a whole number from 2 on.`);
  const { engine, parameters } = objective;
  const traces: number[][] = parameters.map(() => []);
  const squares: number[] = [];
  try {
    for (let i = 0; i < probes && !(signal?.aborted && i >= 2); i++) {
      const z = drawn(engine, parameters, { seed, step: i, query: QUERY, law: 'rademacher' });
      try {
        const h = await hessianVector(objective, z, length);
        try {
          for (const [k, p] of parameters.entries())
            traces[k]!.push(await engine.ops.dot([[z.get(p)!, h.get(p)!]]));
          squares.push(await inner(engine, h, h));
        } finally {
          dispose(h);
        }
      } finally {
        dispose(z);
      }
      onProduct?.(i + 1, probes + steps);
      await new Promise(setImmediate);
    }
    const n = squares.length;
    const ends = await lanczos(objective, {
      steps,
      seed,
      length,
      signal,
      onStep: (done) => onProduct?.(n + done, n + steps),
    });
    const trace = estimate(squares.map((_, i) => traces.reduce((s, list) => s + list[i]!, 0)));
    const frobenius2 = estimate(squares);
    const exact = (mean: number): Measured => ({ mean, standardError: 0 });
    const extreme = Math.max(Math.abs(ends.largest), Math.abs(ends.smallest));
    return {
      dimension: parameters.reduce((s, p) => s + p.size, 0),
      probes: n,
      trace,
      frobenius2,
      largest: ends.largest,
      smallest: ends.smallest,
      change: ends.change,
      effectiveRank: ratio(trace, exact(ends.largest)),
      stableRank: ratio(frobenius2, exact(extreme ** 2)),
      tensors: parameters.map((parameter, k) => ({ parameter, trace: estimate(traces[k]!) })),
      gradients: HESSIAN_VECTOR_GRADIENTS * (n + ends.steps),
    };
  } finally {
    objective.release?.();
  }
}
