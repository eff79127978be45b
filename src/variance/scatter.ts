import type { DirectionLaw } from '../estimate/index.ts';
import { cosineSquaredLaw, meanCosineLaw, normRatioLaw, secondMomentLaw } from './laws.ts';

/** Quantities of which the law says how much one estimate scatters. */
export type Scattering = 'second moment' | 'variance' | 'mean cosine' | 'rms cosine' | 'norm ratio';

/** Curvature up to which laws that take its noise as small and normal are held against. */
export const SMALL_CURVATURE = 0.1;

/** A mean over independent estimates, as the law knows it. */
export interface MeanOf {
  d: number;
  q: number;
  law: DirectionLaw;
  K: number;
  /** Independent estimates. */
  samples: number;
}

/** Standard error of a mean under its law; NaN where the law does not say. */
export function errorUnderLaw(quantity: Scattering, { d, q, law, K, samples }: MeanOf): number {
  if (!(K <= SMALL_CURVATURE)) return NaN;
  const scatter = scatterLaw(quantity, d, q, law, K) / Math.sqrt(samples);
  return scatter > 0 ? scatter : NaN; // one value has no angle
}

/**
 * Standard deviation of one estimate's quantity under its law; the mean of n estimates has 1 / sqrt(n) of it. It is what a
 * deviation is counted in: |g^|^2 goes by a chi-square with few degrees of freedom, so a sample that happens to be low has a
 * standard error of its own that is far too small. NaN for low-rank directions. Exact for Gaussian directions at K = 0, at
 * leading order in K; for the sphere exact in the second moment and variance; signs as the sphere, to leading order in 1/d and
 * in sum g_i^4 / |g|^4. Derivation: docs/theory.md.
 */
export function scatterLaw(quantity: Scattering, d: number, q: number, law: DirectionLaw, K = 0): number {
  if (law === 'low-rank') return NaN;
  switch (quantity) {
    case 'second moment':
      return ((1 + K) * Math.sqrt(momentsOf(d, q, law).length)) / q ** 2;
    case 'variance': {
      const m = momentsOf(d, q, law);
      return (1 + K) * Math.sqrt(m.length / q ** 4 - (4 * m.both) / q ** 3 + (4 * m.inner) / q ** 2);
    }
    case 'mean cosine':
      return Math.sqrt(Math.max(0, cosineSquaredLaw(d, q) - meanCosineLaw(d, q) ** 2) / (1 + K));
    case 'rms cosine': {
      // cos^2 is Beta(q/2, (d-1)/2); the root by the delta method
      const mean = cosineSquaredLaw(d, q);
      const variance = (2 * mean * (1 - mean)) / (d + q + 1);
      const shrink = Math.sqrt(cosineSquaredLaw(d, q, K) / mean);
      return (shrink * Math.sqrt(variance)) / (2 * Math.sqrt(mean));
    }
    case 'norm ratio':
      return Math.sqrt((1 + K) * (secondMomentLaw(d, q, law) - normRatioLaw(d, q) ** 2));
  }
}

/** Variances of X = |sum a_i u_i|^2 and of A = sum a_i^2, and their covariance, for a_i = u_i.g and |g| = 1. */
interface JointMoments {
  length: number;
  inner: number;
  both: number;
}

function momentsOf(d: number, q: number, law: DirectionLaw): JointMoments {
  return law === 'gaussian' ? gaussianMoments(d, q) : fixedLengthMoments(d, q);
}

/** X = A^2 + A W with A chi-square of q and W of d - 1 degrees of freedom. */
function gaussianMoments(d: number, q: number): JointMoments {
  const m2 = q * (q + 2);
  const m3 = m2 * (q + 4);
  const m4 = m3 * (q + 6);
  const w = d - 1;
  const mean = m2 + q * w;
  return {
    length: m4 + 2 * m3 * w + m2 * w * (w + 2) - mean ** 2,
    inner: 2 * q,
    both: m3 + m2 * w - q * mean,
  };
}

/** X = d A + 2 sum_{i<j} a_i^2 a_j^2 + 2 sum_{i<j} a_i a_j v_i.v_j with |u_i|^2 = d and v_i the part of u_i across g. */
function fixedLengthMoments(d: number, q: number): JointMoments {
  const fourth = (3 * d) / (d + 2); // E a^4 on the sphere of radius sqrt(d)
  const s = fourth - 1;
  const pairs = (q * (q - 1)) / 2;
  const products = pairs * (fourth ** 2 - 1) + 2 * pairs * (q - 2) * s;
  const across = d > 1 ? (4 * pairs * (d - fourth) ** 2) / (d - 1) : 0;
  return {
    length: d ** 2 * q * s + 4 * products + 8 * d * pairs * s + across,
    inner: q * s,
    both: d * q * s + 4 * pairs * s,
  };
}
