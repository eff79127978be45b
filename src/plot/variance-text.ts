import * as aq from 'arquero';
import type { ColumnTable } from 'arquero';
import { INSIDE, lawChecks, type LawCheck } from '../variance/checks.ts';
import type { VarianceReport } from '../variance/index.ts';
import { amount, count, plusMinus, significant } from './words.ts';

/** `+1.2` or `−0.3`. */
export const signed = (x: number) =>
  Number.isFinite(x) ? `${x < 0 ? '−' : '+'}${Math.abs(x).toFixed(1)}` : 'n/a';

/** Inside or outside the law, in a few words: by the second moment, the quantity that the laws are about. */
export function verdict(report: VarianceReport): string {
  const checks = lawChecks(report).filter((c) => c.quantity === 'second moment');
  if (checks.length === 0) return report.rows.length === 0 ? 'too few draws' : 'no law';
  const outside = checks.filter((c) => !c.inside);
  return outside.length === 0
    ? 'inside the law'
    : `outside the law at q = ${outside.map((c) => c.q).join(', ')}`;
}

/** One measurement beside its law, in words. */
export function checkText({ quantity, measured, law, lawError, deviation, inside }: LawCheck): string {
  return (
    `${quantity} ${plusMinus(measured.mean, measured.standardError, 4)}, law ${plusMinus(law, lawError, 4)}: ` +
    `${signed(deviation)} standard errors, ${inside ? 'inside' : 'outside'}`
  );
}

/** Inside or outside the laws, and by how many standard errors, quantity by quantity. */
export function varianceText(report: VarianceReport): string {
  const { rows, settings, draws, dimension, loss, gradientNorm, curvature, bias, seed } = report;
  const checks = lawChecks(report);
  return [
    `ZO estimate (${settings.estimator}, ${settings.law}, epsilon ${significant(settings.epsilon)}) from ` +
      `${count(draws, 'draw')} with seed ${seed} on ${amount(dimension)} values, loss ${significant(loss, 4)}, ` +
      `|g| ${significant(gradientNorm)}: ${verdict(report)} (within ${INSIDE} standard errors).`,
    ...rows.flatMap((r) => {
      const own = checks.filter((c) => c.q === r.q);
      return [`q = ${r.q}, ${count(r.samples, 'estimate')}`, ...own.map((c) => `  ${checkText(c)}`)];
    }),
    `Curvature and rounding add ${plusMinus(curvature.mean, curvature.standardError)} |g|² to c²; ` +
      `bias along g ${plusMinus(bias.mean, bias.standardError)}.`,
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
    variance: rows.map((r) => r.variance.mean),
    varianceLaw: rows.map((r) => r.varianceLaw),
    cosine: rows.map((r) => r.cosine.mean),
    cosineError: rows.map((r) => r.cosine.standardError),
    cosineLaw: rows.map((r) => r.cosineLaw),
    rmsCosine: rows.map((r) => r.rmsCosine),
    rmsCosineLaw: rows.map((r) => r.rmsCosineLaw),
    normRatio: rows.map((r) => r.normRatio.mean),
    normRatioLaw: rows.map((r) => r.normRatioLaw),
    signAgreement: rows.map((r) => r.signAgreement.mean),
    signError: rows.map((r) => r.signAgreement.standardError),
    signLaw: rows.map((r) => r.signLaw),
  });
}

/** One row for each tensor, layer and role. */
export function groupTable({ groups }: VarianceReport): ColumnTable {
  return aq.table({
    kind: groups.map((g) => g.kind),
    name: groups.map((g) => g.name),
    size: groups.map((g) => g.size),
    gradientShare: groups.map((g) => g.gradientShare),
    secondMoment: groups.map((g) => g.secondMoment.mean),
    standardError: groups.map((g) => g.secondMoment.standardError),
    law: groups.map((g) => g.law),
    rmsCosine: groups.map((g) => g.rmsCosine.mean),
    rmsCosineError: groups.map((g) => g.rmsCosine.standardError),
    rmsCosineLaw: groups.map((g) => g.rmsCosineLaw),
    signAgreement: groups.map((g) => g.signAgreement.mean),
    signError: groups.map((g) => g.signAgreement.standardError),
  });
}
