import type { Distribution } from '../noise/index.ts';

/*
 * What theory says of the ZO estimate g^ = (1/q) sum c_i u_i of a gradient g in d dimensions. Derivations and Monte Carlo
 * checks: docs/theory.md. All are relative to |g|^2; epsilon -> 0 unless a curvature term is given.
 */

/** Excess of E|u|^2 u_i^2 over d for each law: 2 for a Gaussian, 0 for Rademacher signs. */
const excess: Record<Distribution, number> = { gaussian: 2, rademacher: 0 };

/**
 * E|g^|^2 / |g|^2: (d + q + 1) / q for Gaussian directions, (d + q - 1) / q for Rademacher.
 * `curvature` is K = E[(c - u.g)^2] / |g|^2, what a finite epsilon and rounding add to one coefficient; it is independent of
 * the direction's own part to leading order and enters as K E|u|^2-like, (d + 4) K / q for Gaussian, d K / q for Rademacher.
 */
export function secondMomentLaw(d: number, q: number, law: Distribution, curvature = 0): number {
  const spread = law === 'gaussian' ? d + 4 : d;
  return (d + q - 1 + excess[law]) / q + (spread * curvature) / q;
}

/** E|g^ - g|^2 / |g|^2, the relative variance: (d + 1) / q for Gaussian directions, (d - 1) / q for Rademacher. */
export function varianceLaw(d: number, q: number, law: Distribution): number {
  return (d - 1 + excess[law]) / q;
}

/**
 * E|g^_k|^2 / |g|^2 of the part in one tensor with d_k values, whose own gradient holds the share s_k = |g_k|^2 / |g|^2:
 * (d_k + (q - 1 + excess) s_k) / q. Sums to `secondMomentLaw` over tensors.
 */
export function tensorLaw(dk: number, sk: number, q: number, law: Distribution): number {
  return (dk + (q - 1 + excess[law]) * sk) / q;
}

/** Root mean square of the cosine between g^ and g: exactly 1 / sqrt(d) at q = 1 (Gaussian), about sqrt(q / (d + q)) beyond. */
export function cosineLaw(d: number, q: number, law: Distribution): number {
  return q === 1 && law === 'gaussian' ? 1 / Math.sqrt(d) : Math.sqrt(q / (d + q - 1 + excess[law]));
}
