import { ConfigError } from '../errors.ts';
import type { DirectionLaw, EstimatorName } from '../estimate/index.ts';
import { excess, spread } from './laws.ts';

/** What the laws need to know of a loss L + g.v + v'Hv / 2. */
export interface QuadraticFacts {
  /** Dimension d. */
  d: number;
  loss: number;
  /** |g|^2. */
  gradient2: number;
  /** tr H. */
  trace: number;
  /** |H|_F^2, the sum of all squared entries. */
  frobenius2: number;
  /** The sum of H_ii^2. */
  diagonal2: number;
}

/**
 * E[(u'Hu)^2]: (tr H)^2 + 2 |H|_F^2 for a Gaussian, less 2 sum H_ii^2 for signs (which never see the diagonal move), times
 * d / (d + 2) on the sphere.
 */
export function squaredCurvature(h: QuadraticFacts, law: DirectionLaw): number {
  const gaussian = h.trace ** 2 + 2 * h.frobenius2;
  switch (law) {
    case 'gaussian':
      return gaussian;
    case 'rademacher':
      return gaussian - 2 * h.diagonal2;
    case 'sphere':
      return (h.d / (h.d + 2)) * gaussian;
    case 'low-rank':
      throw new ConfigError('There is no closed law of curvature along low-rank directions; measure it.');
  }
}

/** K = E[(c - u.g)^2] / |g|^2 of the one-sided coefficient, (epsilon^2 / 4) E[(u'Hu)^2] / |g|^2; the two-sided one has none. */
export function curvatureLaw(h: QuadraticFacts, law: DirectionLaw, epsilon: number): number {
  return ((epsilon ** 2 / 4) * squaredCurvature(h, law)) / h.gradient2;
}

/**
 * E|g^|^2 / |g|^2 at any epsilon, exact on a quadratic. One-sided: the curvature term joins. One-point: so does the loss itself,
 * (L/epsilon)^2 E|u|^2 + L E[u'Hu |u|^2].
 */
export function quadraticSecondMoment(
  h: QuadraticFacts,
  estimator: EstimatorName,
  law: DirectionLaw,
  epsilon: number,
  q: number,
): number {
  const { d, loss, gradient2, trace } = h;
  let one = d + excess(law);
  if (estimator !== 'two-sided') one += spread(d, law) * curvatureLaw(h, law, epsilon);
  if (estimator === 'one-point') {
    const mixed = (law === 'gaussian' ? d + 2 : d) * trace;
    one += ((loss / epsilon) ** 2 * d + loss * mixed) / gradient2;
  }
  return (one + q - 1) / q;
}

/**
 * What mini-batches add. With nu = tr(Sigma) / (B |g|^2), the gradient's own noise on a batch, the estimate of the gradient of
 * the whole data has E|g^ - g|^2 / |g|^2 = ((d + x + q - 1 + spread K) / q) (1 + nu) - 1: the batch's noise is multiplied by d / q
 * as the signal is. K is relative to the batch's gradient.
 */
export function batchVarianceLaw(secondMoment: number, nu: number): number {
  return secondMoment * (1 + nu) - 1;
}

/**
 * Factor by which a ZO step must be smaller than an SGD step, with r = tr H / lambda_max in place of d:
 * (r + q + 1) / q for Gaussian directions, 1 + (d r + d - 2) / (q (d + 2)) on the sphere (MeZO, theorem 1).
 */
export function slowdownLaw(r: number, q: number, law: DirectionLaw, d: number): number {
  return law === 'gaussian' || law === 'low-rank' ? (r + q + 1) / q : 1 + (d * r + d - 2) / (q * (d + 2));
}

/** What the laws of one step need to know of a loss. */
export interface DescentFacts {
  /** Dimension d. */
  d: number;
  /** |g|^2. */
  gradient2: number;
  /** tr H. */
  trace: number;
  /** g'Hg / |g|^2, the curvature along the gradient. */
  along: number;
}

/**
 * E[g^'Hg^] / |g|^2, the curvature that an estimate meets: (tr H + 2 along) / q + along (q - 1) / q for Gaussian directions, the first
 * part times d / (d + 2) on the sphere; with signs 2 sum H_ii g_i^2 / |g|^2 less, which is left out: it is small where no coordinate holds much.
 */
export function bendLaw({ d, trace, along }: DescentFacts, q: number, law: DirectionLaw): number {
  if (law === 'low-rank')
    throw new ConfigError('There is no closed law of curvature along low-rank directions; measure it.');
  const one = (trace + 2 * along) * (law === 'sphere' ? d / (d + 2) : 1);
  return (one + (q - 1) * along) / q;
}

/** E L(w - rate g^) - L(w) = -rate |g|^2 + (rate^2 / 2) E[g^'Hg^]: exact on a quadratic, lowest at rate = 1 / `bendLaw`. */
export function descentLaw(h: DescentFacts, rate: number, q: number, law: DirectionLaw): number {
  return h.gradient2 * (-rate + (rate ** 2 / 2) * bendLaw(h, q, law));
}
