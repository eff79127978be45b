import type { BatchNoise } from './batch-noise.ts';
import type { CurvatureReport } from './curvature.ts';
import { excess, meanExcess, spread } from './laws.ts';
import { curvatureLaw } from './quadratic-laws.ts';
import type { VarianceReport } from './report.ts';
import { roundingLaw, type RoundingReport } from './rounding.ts';
import type { Measured } from './statistics.ts';

/** A source of the error of a ZO estimate. */
export interface ErrorPart {
  source: 'direction' | 'curvature' | 'rounding' | 'mini-batch';
  /** Its part in E|g^ - g|^2 / |g|^2, g being the gradient of the whole data where mini-batches were measured. */
  share: Measured;
  /** Where the number comes from. */
  how: string;
}

/** The error of the estimate with q queries, split by source. */
export interface ErrorSplit {
  q: number;
  parts: ErrorPart[];
  /** Sum of the parts but the mini-batch's, beside the variance that was measured on one batch. */
  predicted: Measured;
  measured: Measured;
}

/**
 * Splits the variance of a report into its sources: directions by law, curvature from tr H and |H|_F (one-sided Gaussian, signs and
 * sphere), rounding from the error of one loss, mini-batches from the gradients' own noise. What was not measured is left out.
 * Standard errors by the delta method.
 */
export function splitError(
  report: VarianceReport,
  found: { curvature?: CurvatureReport; rounding?: RoundingReport; noise?: BatchNoise } = {},
  q = 1,
): ErrorSplit | undefined {
  const row = report.rows.find((r) => r.q === q);
  if (!row) return undefined;
  const { estimator, law, epsilon, rank } = report.settings;
  const d = report.dimension;
  const gradient2 = report.gradientNorm ** 2;
  const x =
    law === 'low-rank'
      ? meanExcess(law, report.tensors.map((t) => ({ shape: t.parameter.shape, share: t.gradientShare })), rank) // prettier-ignore
      : excess(law);
  const direction = (d + x - 1) / q;
  const times = spread(d, law) / q;
  const parts: ErrorPart[] = [
    { source: 'direction', share: exact(direction), how: `law of ${law} directions` },
  ];

  if (found.curvature && estimator === 'one-sided' && law !== 'low-rank') {
    const { trace, frobenius2, probes } = found.curvature;
    const facts = {
      d,
      loss: report.loss,
      gradient2,
      trace: trace.mean,
      frobenius2: frobenius2.mean,
      diagonal2: 0,
    };
    const K = curvatureLaw(facts, law, epsilon);
    const byTrace = ((epsilon ** 2 / 4) * 2 * Math.abs(trace.mean) * trace.standardError) / gradient2;
    const byNorm = ((epsilon ** 2 / 4) * 2 * frobenius2.standardError) / gradient2;
    parts.push({
      source: 'curvature',
      share: { mean: times * K, standardError: times * Math.hypot(byTrace, byNorm) },
      how: `tr H and |H|_F from ${probes} Hessian-vector products`,
    });
  }
  if (found.rounding) {
    const { mean, standardError } = found.rounding.loss;
    const K = roundingLaw(mean, epsilon, gradient2, estimator);
    parts.push({
      source: 'rounding',
      share: { mean: times * K, standardError: (2 * times * K * standardError) / mean },
      how: 'differences of losses on short lines',
    });
  }
  const sum = (of: (m: Measured) => number) => parts.map((p) => of(p.share));
  const predicted: Measured = {
    mean: sum((m) => m.mean).reduce((a, b) => a + b, 0),
    standardError: Math.hypot(...sum((m) => m.standardError)),
  };
  if (found.noise && Number.isFinite(found.noise.ratio.mean)) {
    const moment = predicted.mean + 1;
    const { ratio: nu } = found.noise;
    parts.push({
      source: 'mini-batch',
      share: { mean: moment * nu.mean, standardError: moment * nu.standardError },
      how: `gradients of ${found.noise.batches} batches`,
    });
  }
  return { q, parts, predicted, measured: row.variance };
}

const exact = (mean: number): Measured => ({ mean, standardError: 0 });
