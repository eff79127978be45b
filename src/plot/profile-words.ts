import * as aq from 'arquero';
import type { ColumnTable } from 'arquero';
import type { Profile, ProfileEntry } from '../profile/index.ts';
import { escaped } from './theme.ts';
import { amount, costWords, count, percent, plusMinus, shortName, significant, megabytes } from './words.ts';

/** `2 batches of 4 × 96 tokens`, as far as their size is known. */
export function onBatches({ batches, size: { batch, length } }: Profile): string {
  const words = count(batches, 'batch', 'batches');
  if (Number.isNaN(batch)) return words;
  return Number.isNaN(length)
    ? `${words} of ${count(batch, 'row')}`
    : `${words} of ${batch} × ${length} tokens`;
}

/** How many tensors a profile did not measure, and why; nothing for one of every tensor. */
export function beyondReach({ entries, reach }: Profile): string[] {
  const left = entries.filter((e) => !e.reached).length;
  return left > 0
    ? [`${left} of ${count(entries.length, 'tensor')} not measured, out of reach of rho ${reach}`]
    : [];
}

/** Hover text about one tensor: name, shape, importance and cost. */
export function tensorLines(
  { parameter: p, importance, standardError, reached, dy, dw }: ProfileEntry,
  unit: Profile['unit'],
): string {
  return [
    `<b>${escaped(shortName(p))}</b>`,
    `${p.shape.join(' × ')} = ${amount(p.size)} values${p.tied ? ', tied to the head' : ''}`,
    `importance ${reached ? plusMinus(importance, standardError) : 'not measured: out of reach'}`,
    `t_dy ${costWords(dy, unit)} · t_dw ${costWords(dw, unit)}`,
  ].join('<br>');
}

/**
 * One row a tensor, in execution order. Costs in the profile's unit; `share` of t_dy + t_dw in the full backward cost. Importance that was
 * not measured is NaN.
 */
export function profileTable({ entries, total }: Profile): ColumnTable {
  const of = <T>(f: (e: ProfileEntry) => T) => entries.map(f);
  return aq.table({
    name: of((e) => e.parameter.name),
    role: of((e) => e.parameter.role),
    layer: of((e) => e.parameter.layer),
    size: of((e) => e.parameter.size),
    importance: of((e) => (e.reached ? e.importance : NaN)),
    standardError: of((e) => e.standardError),
    dy: of((e) => e.dy),
    dw: of((e) => e.dw),
    share: of((e) => (e.dy + e.dw) / total.backward),
  });
}

/** What a profile found, in a few lines. */
export function profileText(profile: Profile): string {
  const { entries, total, unit, expected } = profile;
  const measured = entries.filter((e) => e.reached);
  const best = [...measured].sort((a, b) => b.importance - a.importance).slice(0, 3);
  const without = measured.filter((e) => !(e.importance > 0)).length;
  return [
    `Profile of ${count(entries.length, 'tensor')} on ${onBatches(profile)}: loss ${significant(profile.lossBefore, 4)} before and ` +
      `${significant(profile.lossAfter, 4)} after one trial step.`,
    `Most important: ${best.map((e) => `${shortName(e.parameter)} (${plusMinus(e.importance, e.standardError)})`).join(', ')}; ` +
      `${without} of ${measured.length} with no gain.`,
    ...beyondReach(profile).map((words) => `${words}: it serves that rho and any smaller one.`),
    `Forward ${costWords(total.forward, unit)}, backward ${costWords(total.backward, unit)}` +
      `${unit === 'nanoseconds' ? ', measured' : ''}; ` +
      `the forward pass is ${percent(total.forward / (total.forward + total.backward))} of a full step.`,
    ...(expected ? [`A step at rho ${expected.rho} will need ${megabytes(expected.peak)} at its peak.`] : []),
  ].join('\n');
}
