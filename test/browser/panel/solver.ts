import type { BudgetAnswer, PanelState } from '../../../src/panel/protocol.ts';

/** What a budget would give, roughly: tensors by importance for their size until the money is spent. */
export function solve({ tensors, labels }: PanelState, rho: number): BudgetAnswer & { labels: string } {
  const total = tensors.reduce((sum, t) => sum + t.size, 0);
  const allowed = Math.max(0.05, 1.5 * rho - 0.5);
  const order = [...tensors.keys()].sort(
    (a, b) => tensors[b]!.importance! / tensors[b]!.size - tensors[a]!.importance! / tensors[a]!.size,
  );
  const chosen = new Set<number>();
  let spent = 0;
  for (const i of order) {
    const t = tensors[i]!;
    if (t.importance! <= 0 || spent + t.size > allowed * total) continue;
    spent += t.size;
    chosen.add(i);
  }
  const next = tensors.map((_, i) => (chosen.has(i) ? 'F' : 'Z')).join('');
  const positive = (i: number) => Math.max(0, tensors[i]!.importance!);
  const all = [...tensors.keys()];
  return {
    rho,
    achieved: spent / total,
    allowed,
    importanceKept:
      [...chosen].reduce((s, i) => s + positive(i), 0) / all.reduce((s, i) => s + positive(i), 0),
    countFO: chosen.size,
    countZO: tensors.length - chosen.size,
    sizeFO: spent,
    sizeZO: total - spent,
    toFO: all.filter((i) => labels[i] !== 'F' && next[i] === 'F'),
    toZO: all.filter((i) => labels[i] === 'F' && next[i] === 'Z'),
    solveMs: 3.2,
    warning:
      rho < 0.37
        ? 'rho 0.30 leaves nothing for the backward pass; the budget is raised to its floor of 5%.'
        : null,
    labels: next,
  };
}
