/** What an item costs. */
export interface ItemCost {
  /** Paid by every item from the deepest chosen one to the output. */
  dy: number;
  /** Paid when chosen. */
  dw: number;
}

/** One tensor as the solver sees it. */
export interface Item extends ItemCost {
  /** Value; items with importance <= 0 are never chosen, and those out of reach are not looked at. */
  importance: number;
}

/** A selection and what it costs by C(m), unrounded. */
export interface Selection {
  /** In the order of the items given. */
  chosen: boolean[];
  importance: number;
  cost: number;
}

/** Steps that the budget is divided into when costs are not small whole numbers. */
const DEFAULT_GRID = 20_000;

/** Part of the budget (or of 1, if that is more) that rounding in sums of costs may overdraw. */
const ROUNDING = 2e-9;

/**
 * Which items any selection within `budget` can hold: the cheapest with item k pays dy from k to the output and dw of k
 * alone. What a smaller budget reaches is among it. `items` in execution order (0 = input side).
 */
export function reachExact(items: readonly ItemCost[], budget: number): boolean[] {
  const most = budget + ROUNDING * Math.max(1, budget);
  let carried = 0;
  return items
    .map((_, depth) => {
      const { dy, dw } = items[items.length - 1 - depth]!;
      carried += dy;
      return carried + dw <= most;
    })
    .reverse();
}

/**
 * Largest total importance within `budget` under C(m) = sum of dy from the deepest chosen item to the output + sum of
 * dw of the chosen. `items` in execution order (0 = input side).
 *
 * Walking from output to input, the carried cost D_k = sum of dy so far is known at each depth, so what is left is a
 * 0/1 knapsack over dw whose capacity shrinks to B - D_k: O(N * grid) time. Exact when the dw are whole numbers and
 * the budget is at most `grid`; otherwise dw are rounded up to a grid of budget / grid, so that the budget is never
 * exceeded, and the slack that rounding leaves is then filled by true costs. Method: docs/decisions/0005-solver.md.
 */
export function selectExact(items: readonly Item[], budget: number, grid = DEFAULT_GRID): Selection {
  const n = items.length;
  const reached = reachExact(items, budget);
  const wanted = items.map((x, i) => reached[i]! && x.importance > 0);
  const all = measure(items, wanted);
  if (all.cost <= budget) return { chosen: wanted, ...all };
  const whole = budget <= grid && items.every((x) => Number.isInteger(x.dw));
  const unit = whole ? 1 : budget / grid;
  const width = (whole ? Math.max(0, Math.floor(budget)) : grid) + 1;
  const best = new Float64Array(width); // best[t]: most importance with dw <= t among the items walked
  const taken = new Uint8Array(n * width);
  let carried = 0;
  let answer = { value: 0, depth: -1, left: 0 };
  for (let depth = 0; depth < n; depth++) {
    const { importance, dy, dw } = items[n - 1 - depth]!;
    carried += dy;
    if (carried > budget) break;
    const weight = Math.ceil(dw / unit - 1e-9);
    if (!wanted[n - 1 - depth] || weight >= width) continue;
    const left = Math.floor((budget - carried) / unit + 1e-9) - weight;
    if (left >= 0 && best[left]! + importance > answer.value) {
      answer = { value: best[left]! + importance, depth, left };
    }
    const row = depth * width;
    for (let t = width - 1; t >= weight; t--) {
      const value = best[t - weight]! + importance;
      if (value > best[t]!) {
        best[t] = value;
        taken[row + t] = 1;
      }
    }
  }
  const chosen = Array<boolean>(n).fill(false);
  if (answer.depth >= 0) {
    chosen[n - 1 - answer.depth] = true;
    let t = answer.left;
    for (let depth = answer.depth - 1; depth >= 0; depth--) {
      if (!taken[depth * width + t]) continue;
      chosen[n - 1 - depth] = true;
      t -= Math.ceil(items[n - 1 - depth]!.dw / unit - 1e-9);
    }
  }
  if (!whole) fillSlack(items, budget, wanted, chosen);
  return { chosen, ...measure(items, chosen) };
}

/** Adds what still fits above the deepest chosen item, most importance per cost first. */
function fillSlack(
  items: readonly Item[],
  budget: number,
  wanted: readonly boolean[],
  chosen: boolean[],
): void {
  const deepest = chosen.indexOf(true);
  if (deepest < 0) return;
  let { cost } = measure(items, chosen);
  const open = items
    .map((item, i) => ({ item, i }))
    .filter(({ i }) => i > deepest && !chosen[i] && wanted[i])
    .sort((a, b) => b.item.importance / b.item.dw - a.item.importance / a.item.dw);
  for (const { item, i } of open) {
    if (cost + item.dw > budget) continue;
    chosen[i] = true;
    cost += item.dw;
  }
}

/** Importance and cost C(m) of a selection. */
export function measure(
  items: readonly Item[],
  chosen: readonly boolean[],
): { importance: number; cost: number } {
  const deepest = chosen.indexOf(true);
  let importance = 0;
  let cost = 0;
  if (deepest < 0) return { importance, cost };
  for (let i = deepest; i < items.length; i++) {
    const item = items[i]!;
    cost += item.dy;
    if (chosen[i]) {
      cost += item.dw;
      importance += item.importance;
    }
  }
  return { importance, cost };
}
