import * as aq from 'arquero';
import type { ColumnTable } from 'arquero';
import type { DescentReport } from '../variance/index.ts';
import { lawFigure } from './law.ts';
import type { FigureSpec } from './spec.ts';
import { amount, count, plusMinus, significant } from './words.ts';

/** The change of the loss by one step against its rate, by the gradient and by its estimate, beside their laws. */
export function descentFigure(report: DescentReport): FigureSpec {
  const { FO, ZO, slowdown, dimension, draws, settings } = report;
  const law = (best: number) => (rate: number) => report.gradientNorm ** 2 * (-rate + rate ** 2 / (2 * best));
  const series = [
    { name: 'ZO step', x: ZO.map((p) => p.rate), y: ZO.map((p) => p.change), law: law(report.best.ZO) },
    { name: 'FO step', x: FO.map((p) => p.rate), y: FO.map((p) => p.change), law: law(report.best.FO) },
  ];
  const lowest = law(report.best.FO)(report.best.FO);
  return lawFigure(series, {
    title: `A ZO step is best ${significant(slowdown)} times shorter, not ${amount(dimension)} times`,
    subtitle: `${settings.law}, q = ${settings.queries} · mean of ${count(draws, 'estimate')} · loss ${significant(report.loss)}`,
    x: 'learning rate of one step',
    y: 'change of the loss',
    log: 'x',
    range: [1.15 * lowest, -0.4 * lowest],
  });
}

/** One row for each rate. */
export function descentTable({ FO, ZO }: DescentReport): ColumnTable {
  const points = [
    ...FO.map((p) => ({ ...p, step: 'FO', change: { mean: p.change, standardError: NaN } })),
    ...ZO.map((p) => ({ ...p, step: 'ZO' })),
  ];
  return aq.table({
    step: points.map((p) => p.step),
    rate: points.map((p) => p.rate),
    change: points.map((p) => p.change.mean),
    standardError: points.map((p) => p.change.standardError),
    law: points.map((p) => p.law),
  });
}

/** The best rates, and how far the measurements lie from the laws. */
export function descentText(r: DescentReport): string {
  const nearest = r.ZO.reduce((a, b) =>
    Math.abs(b.rate - r.best.ZO) < Math.abs(a.rate - r.best.ZO) ? b : a,
  );
  const { change, law, rate } = nearest;
  return (
    `By law an FO step is best at rate ${significant(r.best.FO)}, a ZO step at ${significant(r.best.ZO)}: ${significant(r.slowdown)} times ` +
    `shorter, over ${amount(r.dimension)} values (tr H ${plusMinus(r.trace.mean, r.trace.standardError)}, ${significant(r.along)} along the ` +
    `gradient).\nA ZO step of ${significant(rate)} changes the loss of ${significant(r.loss, 4)} by ${plusMinus(change.mean, change.standardError)} ` +
    `(mean of ${count(r.draws, 'estimate')}), law ${significant(law)}.`
  );
}
