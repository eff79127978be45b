import { amount } from './words.ts';

/** Ticks written out are at most this many; a longer axis has powers of ten alone. */
const MOST = 5;

/** Settings of a logarithmic axis over positive `values`: few round ticks, written in full (`200k`). */
export function logAxis(values: readonly number[]): Record<string, unknown> {
  const known = values.filter((x) => Number.isFinite(x) && x > 0);
  if (known.length === 0) return { type: 'log' };
  const low = Math.min(...known) / 1.15;
  const high = Math.max(...known) * 1.15;
  const sets = [[1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]]; // prettier-ignore
  const ticks = sets
    .map((digits) => between(low, high, digits))
    .find((set, i) => set.length <= MOST || i === sets.length - 1)!;
  const every = Math.ceil(ticks.length / MOST);
  const shown = ticks.filter((_, i) => i % every === 0);
  return {
    type: 'log',
    range: [Math.log10(low), Math.log10(high)],
    tickvals: shown,
    ticktext: shown.map((x) => amount(x)),
  };
}

function between(low: number, high: number, digits: readonly number[]): number[] {
  const ticks: number[] = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.log10(high); e++) {
    for (const d of digits) {
      const tick = Number(`${d}e${e}`);
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  return ticks;
}
