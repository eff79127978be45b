import * as aq from 'arquero';
import type { ColumnTable } from 'arquero';
import type { CurvatureReport, SharpnessReport } from '../variance/index.ts';
import { roleBlocks } from './blocks.ts';
import { figureSpec, type FigureSpec } from './spec.ts';
import { axis, escaped, familyColours, familyOf, frame, legendNames, type Family } from './theme.ts';
import { amount, plusMinus, shortName, significant } from './words.ts';

/** The trace of each tensor's block of the Hessian, by role and layer. */
export function curvatureFigure(report: CurvatureReport): FigureSpec {
  const blocks = roleBlocks(report.tensors.map((t) => t.parameter));
  const families = Object.keys(familyColours) as Family[];
  const data = families.flatMap((family) => {
    const list = report.tensors.filter((t) => familyOf(t.parameter.role) === family);
    if (list.length === 0) return [];
    return {
      type: 'bar',
      name: family,
      x: list.map((t) => blocks.position(t.parameter)),
      width: list.map((t) => blocks.width(t.parameter)),
      y: list.map((t) => t.trace.mean),
      error_y: { array: list.map((t) => t.trace.standardError), thickness: 1, width: 0 },
      marker: { color: familyColours[family] },
      customdata: list.map(
        (t) =>
          `<b>${escaped(shortName(t.parameter))}</b><br>trace ${plusMinus(t.trace.mean, t.trace.standardError)} over ${amount(t.parameter.size)} values`,
      ),
      hovertemplate: '%{customdata}<extra></extra>',
    };
  });
  return figureSpec(data, {
    ...frame({ title: title(report), subtitle: subtitle(report), height: 460, legend: legendNames(data) }),
    xaxis: axis('tensors by role, each from the input layer to the output layer', {
      tickvals: blocks.blocks.map((b) => b.start + b.width / 2),
      ticktext: blocks.blocks.map((b) => b.label),
      tickangle: 0,
      ticks: '',
      showgrid: false,
      range: [-0.2, blocks.end + 0.2],
    }),
    yaxis: axis('trace of the block', { zeroline: true, zerolinecolor: 'rgba(128,128,128,0.5)' }),
    bargap: 0,
  });
}

function title({ effectiveRank, dimension, trace }: CurvatureReport): string {
  if (trace.mean <= 0) return 'Curvature: the Hessian bends down as much as up';
  return `Curvature: effective rank ${significant(effectiveRank.mean)} of ${amount(dimension)} dimensions`;
}

function subtitle(r: CurvatureReport): string[] {
  return [
    `tr H ${plusMinus(r.trace.mean, r.trace.standardError)} · |H|² ${plusMinus(r.frobenius2.mean, r.frobenius2.standardError)} · ` +
      `eigenvalues from ${significant(r.smallest)} to ${significant(r.largest)}`,
    `tr H / λmax ${plusMinus(r.effectiveRank.mean, r.effectiveRank.standardError)} · ` +
      `|H|² / λ² ${plusMinus(r.stableRank.mean, r.stableRank.standardError)} · ${r.gradients} gradients`,
  ];
}

/** One row for each tensor. */
export function curvatureTable({ tensors }: CurvatureReport): ColumnTable {
  return aq.table({
    tensor: tensors.map((t) => t.parameter.name),
    size: tensors.map((t) => t.parameter.size),
    trace: tensors.map((t) => t.trace.mean),
    standardError: tensors.map((t) => t.trace.standardError),
  });
}

/** The numbers, and what they mean for a step. */
export function curvatureText(r: CurvatureReport): string {
  const rank =
    r.trace.mean > 0
      ? `Effective rank tr H / λmax ${plusMinus(r.effectiveRank.mean, r.effectiveRank.standardError)} of ${amount(r.dimension)} dimensions: ` +
        'a ZO step may be about that many times smaller than an SGD step, not d times.'
      : `tr H is negative, so tr H / λmax says nothing here: the loss bends down as much as up. |H|² / λ² is ${significant(r.stableRank.mean)}.`;
  return [
    `Curvature over ${amount(r.dimension)} values: tr H ${plusMinus(r.trace.mean, r.trace.standardError)}, |H|² ` +
      `${plusMinus(r.frobenius2.mean, r.frobenius2.standardError)} (${r.probes} probes), eigenvalues from ${significant(r.smallest)} to ` +
      `${significant(r.largest)} (the last Lanczos step changed them by ${significant(100 * r.change, 2)}%). Products are central ` +
      `differences of gradients; ${r.gradients} gradients were taken.`,
    rank,
  ].join('\n');
}

/** Curvature, and how much the loss rises nearby. */
export function sharpnessText(curvature: CurvatureReport, rise: SharpnessReport): string {
  return (
    `${curvatureText(curvature)}\nA random displacement by ${significant(100 * rise.radius)}% of each tensor's norm lifts the loss of ` +
    `${significant(rise.loss, 4)} by ${plusMinus(rise.rise.mean, rise.rise.standardError)}; one of the same length along the gradient by ` +
    `${significant(rise.ascent)}.`
  );
}
