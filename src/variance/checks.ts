import type { VarianceReport } from './report.ts';
import { deviation, type Measured } from './statistics.ts';

/** Standard errors that a measurement may lie off its law before it counts as outside. */
export const INSIDE = 4;
/** Curvature up to which laws of cosine, length and sign, which take its noise as small and normal, are held against. */
const SMALL_CURVATURE = 0.1;

/** One measured quantity beside its law. */
export interface LawCheck {
  quantity:
    'second moment' | 'variance' | 'mean cosine' | 'rms cosine' | 'norm ratio' | 'sign agreement' | 'bias';
  q: number;
  measured: Measured;
  law: number;
  /** (measured - law) / standard error. */
  deviation: number;
  inside: boolean;
}

/** Whether a measurement agrees with a law: at most {@link INSIDE} standard errors off. */
export function isInside(measured: Measured, law: number): boolean {
  return Math.abs(deviation(measured, law)) <= INSIDE;
}

/**
 * Every measured quantity that has a law, beside it. Left out: what has no law (cosines and signs along low-rank directions), and
 * cosine, length and sign where curvature and rounding add more than a tenth to the coefficient's square.
 */
export function lawChecks(report: VarianceReport): LawCheck[] {
  const checks: LawCheck[] = [];
  const add = (quantity: LawCheck['quantity'], q: number, found: Measured, law: number) => {
    if (!Number.isFinite(law) || !Number.isFinite(found.standardError)) return;
    const off = deviation(found, law);
    checks.push({ quantity, q, measured: found, law, deviation: off, inside: isInside(found, law) });
  };
  const small = report.curvature.mean <= SMALL_CURVATURE;
  for (const r of report.rows) {
    add('second moment', r.q, r.secondMoment, r.lawWithCurvature);
    add('variance', r.q, r.variance, r.varianceLaw);
    if (small || r.q === 1)
      add('rms cosine', r.q, { mean: r.rmsCosine, standardError: r.rmsCosineError }, r.rmsCosineLaw);
    if (!small) continue;
    add('mean cosine', r.q, r.cosine, r.cosineLaw);
    add('norm ratio', r.q, r.normRatio, r.normRatioLaw);
    add('sign agreement', r.q, r.signAgreement, r.signLaw);
  }
  return checks;
}
