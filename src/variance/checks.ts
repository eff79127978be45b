import type { VarianceReport } from './report.ts';
import { errorUnderLaw, SMALL_CURVATURE, type Scattering } from './scatter.ts';
import { deviation, type Measured } from './statistics.ts';

/** Standard errors that a measurement may lie off its law before it counts as outside. */
export const INSIDE = 4;

/** One measured quantity beside its law. */
export interface LawCheck {
  quantity:
    'second moment' | 'variance' | 'mean cosine' | 'rms cosine' | 'norm ratio' | 'sign agreement' | 'bias';
  q: number;
  measured: Measured;
  law: number;
  /** Standard error that the law gives such a mean; NaN where it does not say. */
  lawError: number;
  /** (measured - law) / the law's standard error, or the sample's own where the law has none. */
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
  const add = (quantity: LawCheck['quantity'], q: number, found: Measured, law: number, lawError: number) => {
    if (!Number.isFinite(law) || !Number.isFinite(found.standardError)) return;
    const off = deviation(found, law, lawError);
    const inside = Math.abs(off) <= INSIDE;
    checks.push({ quantity, q, measured: found, law, lawError, deviation: off, inside });
  };
  const { dimension: d, settings, curvature } = report;
  const small = curvature.mean <= SMALL_CURVATURE;
  for (const r of report.rows) {
    const { q, samples } = r;
    const error = (quantity: Scattering) =>
      errorUnderLaw(quantity, { d, q, law: settings.law, K: curvature.mean, samples });
    add('second moment', q, r.secondMoment, r.lawWithCurvature, error('second moment'));
    add('variance', q, r.variance, r.varianceLaw, error('variance'));
    if (small || q === 1) {
      const rms = { mean: r.rmsCosine, standardError: r.rmsCosineError };
      add('rms cosine', q, rms, r.rmsCosineLaw, error('rms cosine'));
    }
    if (!small) continue;
    add('mean cosine', q, r.cosine, r.cosineLaw, error('mean cosine'));
    add('norm ratio', q, r.normRatio, r.normRatioLaw, error('norm ratio'));
    add('sign agreement', q, r.signAgreement, r.signLaw, NaN);
  }
  return checks;
}
