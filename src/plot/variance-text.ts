import * as aq from 'arquero';
import type { ColumnTable } from 'arquero';
import type { VarianceReport, VarianceRow } from '../variance/index.ts';
import { amount, count, plusMinus, significant } from './words.ts';

/** Standard errors that a measurement may lie off the law before it counts as outside. */
const INSIDE = 4;

/** `+1.2` or `−0.3`. */
export const signed = (x: number) =>
  Number.isFinite(x) ? `${x < 0 ? '−' : '+'}${Math.abs(x).toFixed(1)}` : 'n/a';

const inside = (r: VarianceRow) => Math.abs(r.deviation) <= INSIDE;

/** Inside or outside the law, in a few words. */
export function verdict(rows: readonly VarianceRow[]): string {
  if (rows.length === 0) return 'too few draws';
  const outside = rows.filter((r) => !inside(r));
  return outside.length === 0
    ? 'inside the law'
    : `outside the law at q = ${outside.map((r) => r.q).join(', ')}`;
}

/** Inside or outside the law, and by how many standard errors, q by q. */
export function varianceText(report: VarianceReport): string {
  const { rows, settings, draws, dimension, loss, gradientNorm, curvature, seed } = report;
  return [
    `ZO estimate (${settings.estimator}, ${settings.law}, epsilon ${significant(settings.epsilon)}) from ` +
      `${count(draws, 'draw')} with seed ${seed} on ${amount(dimension)} values, loss ${significant(loss, 4)}, ` +
      `|g| ${significant(gradientNorm)}: ${verdict(rows)} (within ${INSIDE} standard errors).`,
    ...rows.map(
      (r) =>
        `q = ${r.q}: second moment ${plusMinus(r.secondMoment.mean, r.secondMoment.standardError, 4)} |g|², law ` +
        `${amount(r.lawWithCurvature, 4)}, ${signed(r.deviation)} standard errors, ${inside(r) ? 'inside' : 'outside'}; ` +
        `rms cosine ${significant(r.rmsCosine)}, law ${significant(r.rmsCosineLaw)}`,
    ),
    `Curvature and rounding add ${plusMinus(curvature.mean, curvature.standardError)} |g|² to c².`,
  ].join('\n');
}

/** One row for each q. */
export function varianceTable({ rows }: VarianceReport): ColumnTable {
  return aq.table({
    q: rows.map((r) => r.q),
    samples: rows.map((r) => r.samples),
    secondMoment: rows.map((r) => r.secondMoment.mean),
    standardError: rows.map((r) => r.secondMoment.standardError),
    law: rows.map((r) => r.law),
    lawWithCurvature: rows.map((r) => r.lawWithCurvature),
    deviation: rows.map((r) => r.deviation),
    cosine: rows.map((r) => r.cosine.mean),
    rmsCosine: rows.map((r) => r.rmsCosine),
    rmsCosineLaw: rows.map((r) => r.rmsCosineLaw),
  });
}
