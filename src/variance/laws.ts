import { ConfigError } from '../errors.ts';
import type { DirectionLaw } from '../estimate/index.ts';

/*
 * What theory says of the ZO estimate g^ = (1/q) sum c_i u_i of a gradient g in d dimensions, relative to |g|^2 and for
 * epsilon -> 0 unless K is given: K = E[(c - u.g)^2] / |g|^2 is what a finite epsilon and rounding add to one coefficient.
 * Derivations: docs/theory.md. Each is held against measurements on a quadratic in test/variance.
 */

/**
 * x in E[(u.g)^2 |u|^2] = (d + x) |g|^2: 2 for a Gaussian, 0 for signs and the sphere. For a low-rank direction it depends on
 * the matrix: 2 + 2 (rows + columns + 1) / rank, so the `shape` is needed (another shape moves along a Gaussian).
 */
export function excess(law: DirectionLaw, shape?: readonly number[], rank = 2): number {
  if (law !== 'low-rank') return law === 'gaussian' ? 2 : 0;
  if (!shape)
    throw new ConfigError('The law of low-rank directions depends on the shapes of the tensors; give them.');
  return shape.length === 2 ? 2 + (2 * (shape[0]! + shape[1]! + 1)) / rank : 2;
}

/** Mean of {@link excess} over tensors, each with the share of |g|^2 that it holds: the x of the whole. */
export function meanExcess(
  law: DirectionLaw,
  tensors: readonly { shape: readonly number[]; share: number }[],
  rank = 2,
): number {
  return tensors.reduce((sum, t) => sum + t.share * excess(law, t.shape, rank), 0);
}

/** E[e^2 |u|^2] / E[e^2] for the curvature term e = (epsilon / 2) u'Hu: d + 4 for a Gaussian, d where |u|^2 = d. */
export function spread(d: number, law: DirectionLaw): number {
  return law === 'gaussian' || law === 'low-rank' ? d + 4 : d;
}

/**
 * E|g^|^2 / |g|^2: (d + x + q - 1 + spread K) / q, i.e. (d + q + 1) / q for Gaussian directions and (d + q - 1) / q for signs
 * and the sphere (method: fourth moments; the sphere line is MeZO's lemma 2, arXiv 2305.17333).
 * @param x - what {@link meanExcess} gives, needed for low-rank directions only
 */
export function secondMomentLaw(d: number, q: number, law: DirectionLaw, K = 0, x = excess(law)): number {
  return (d + x + q - 1 + spread(d, law) * K) / q;
}

/** E|g^ - g|^2 / |g|^2, the relative variance: one less than the second moment, as the estimate is unbiased. */
export function varianceLaw(d: number, q: number, law: DirectionLaw, K = 0, x = excess(law)): number {
  return secondMomentLaw(d, q, law, K, x) - 1;
}

/** What the law of a part needs to know of it beyond its size and share. */
export interface PartOfWhole {
  /** Values of the whole, needed for the sphere. */
  d?: number;
  /** Mean excess over the part, needed for low-rank directions. */
  x?: number;
  /** Curvature and rounding K of the whole coefficient. */
  K?: number;
}

/**
 * E|g^_k|^2 / |g|^2 of a part with d_k values, whose own gradient holds the share s_k = |g_k|^2 / |g|^2:
 * (d_k + (q - 1 + x) s_k) / q. On the sphere the parts compete for one length: (f (d_k + 2 s_k) + (q - 1) s_k) / q with
 * f = d / (d + 2). Sums to `secondMomentLaw` over parts.
 */
export function tensorLaw(
  dk: number,
  sk: number,
  q: number,
  law: DirectionLaw,
  { d, x, K = 0 }: PartOfWhole = {},
): number {
  if (law === 'sphere') {
    if (d === undefined)
      throw new ConfigError('The law of a part on the sphere depends on d of the whole; give it.');
    return ((d / (d + 2)) * (dk + 2 * sk) + (q - 1) * sk + dk * K) / q;
  }
  const spreadOfPart = d === undefined ? dk : (spread(d, law) * dk) / d;
  return (dk + (q - 1 + (x ?? excess(law))) * sk + spreadOfPart * K) / q;
}

/** Gamma(x + 1/2) / Gamma(x), by its asymptotic series after the recurrence has made x large. */
export function gammaHalfStep(x: number): number {
  if (x < 16) return (gammaHalfStep(x + 1) * x) / (x + 0.5);
  const t = 1 / x;
  return Math.sqrt(x) * (1 - t / 8 + t ** 2 / 128 + (5 * t ** 3) / 1024 - (21 * t ** 4) / 32768);
}

/**
 * E cos^2 of the angle between g^ and g: q / (d + q - 1) (the square of a cosine is Beta(q/2, (d-1)/2); exact for Gaussian
 * directions, at q = 1 for signs and the sphere too, else to leading order in 1/d). K turns the q into (q + K) / (1 + K) to
 * leading order: at q = 1 the length of g^ is wrong, not its line.
 */
export function cosineSquaredLaw(d: number, q: number, K = 0): number {
  return (q + K) / ((1 + K) * (d + q - 1));
}

/** Root mean square of the cosine between g^ and g: about sqrt(q / d). NaN for low-rank directions, which have no such law. */
export function cosineLaw(d: number, q: number, law: DirectionLaw, K = 0): number {
  return law === 'low-rank' ? NaN : Math.sqrt(cosineSquaredLaw(d, q, K));
}

/** Mean cosine between g^ and g, sqrt(2 / (pi d)) for large d at q = 1; exact for Gaussian directions at K = 0. */
export function meanCosineLaw(d: number, q: number, K = 0): number {
  return gammaHalfStep(q / 2) / gammaHalfStep((q + d - 1) / 2) / Math.sqrt(1 + K);
}

/** E|g^| / |g|: (d + q - 1) / q mean cosines; about sqrt(2 d / pi) at q = 1. Exact for Gaussian directions at K = 0. */
export function normRatioLaw(d: number, q: number, K = 0): number {
  return ((d + q - 1) / q) * meanCosineLaw(d, q, 0) * Math.sqrt(1 + K);
}

/**
 * Share of coordinates whose sign g^ gets right, among those with g_i not 0; half of them would be a coin. With r_i = |g_i| / |g|
 * one sign is right with the probability that Student's t with q degrees of freedom gives (Gaussian directions, and the sphere at
 * q = 1), or the normal law (signs): here to r^3.
 * @param meanShare - mean of r_i over those coordinates
 * @param meanCube - mean of r_i^3
 */
export function signLaw(q: number, law: DirectionLaw, meanShare: number, meanCube: number, K = 0): number {
  const noise = Math.sqrt(Math.PI * (1 + K));
  if (law === 'rademacher')
    return 0.5 + (Math.sqrt(q / 2) / noise) * (meanShare + (1 / 2 - q / 6) * meanCube);
  return 0.5 + (gammaHalfStep(q / 2) / noise) * (meanShare - ((q - 2) / 6) * meanCube);
}
