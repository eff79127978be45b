import { measure, type Item, type ItemCost, type Selection } from './knapsack.ts';

/** Levels that GreenTrainer divides the full backward cost into. */
const LEVELS = 1000;

/** Costs and budget as GreenTrainer rounds them, and how much dy has been carried at each depth; index 0 = output side. */
function levelled(items: readonly ItemCost[], budget: number, levels: number) {
  const total = items.reduce((s, x) => s + x.dy + x.dw, 0);
  const scale = total > levels ? levels / total : 1;
  const side = [...items].reverse();
  const dw = side.map((x) => Math.floor(x.dw * scale));
  const prefix = [0];
  for (const x of side) prefix.push(prefix[prefix.length - 1]! + Math.floor(x.dy * scale));
  return { dw, prefix, limit: Math.floor(budget * scale) };
}

/**
 * Which items that selection can hold: by its own rounded costs, which reach somewhat further than the true ones; never the
 * input-most. What a smaller budget reaches is among it. `items` in execution order (0 = input side).
 */
export function reachGreenTrainer(items: readonly ItemCost[], budget: number, levels = LEVELS): boolean[] {
  const { dw, prefix, limit } = levelled(items, budget, levels);
  return items.map((_, i) => {
    const k = items.length - i; // as in the program: 1 = output side
    return i > 0 && prefix[k]! + dw[k - 1]! <= limit;
  });
}

/**
 * GreenTrainer's own selection, kept for comparison. It is not optimal: the input-most tensor cannot be chosen when the
 * budget covers all t_dy, and a state in which a tensor is taken but skipping it scores higher is dropped; costs are
 * rounded down, so small tensors come free and the true cost may exceed the budget.
 * Rules restated from pittisl/GreenTrainer, decoder_lm/tensor_selector.py. `items` in execution order (0 = input side);
 * whole-number costs that sum to at most `levels` are used as they are.
 */
export function selectGreenTrainer(items: readonly Item[], budget: number, levels = LEVELS): Selection {
  const n = items.length;
  const { dw, prefix, limit } = levelled(items, budget, levels);
  const importance = items.map((x) => x.importance).reverse();

  let stop = n - 1;
  for (let k = 0; k < n; k++) {
    if (prefix[k + 1]! > limit) {
      stop = k;
      break;
    }
  }
  const width = limit + 1;
  const value = Array.from({ length: stop + 1 }, () => new Float64Array(width).fill(-Infinity));
  const took = Array.from({ length: stop + 1 }, () => new Uint8Array(width));
  const from = Array.from({ length: stop + 1 }, () => new Int32Array(width).fill(-1));
  value[0]!.fill(0);
  took[0]!.fill(1);
  let answer = { value: -Infinity, k: 0, t: 0 };
  for (let k = 1; k <= stop; k++) {
    for (let t = 0; t < width; t++) {
      const skip = value[k - 1]![t]!;
      let take = -Infinity;
      let before = -1;
      for (let j = 0; j < k; j++) {
        const rest = t - dw[k - 1]! - (prefix[k]! - prefix[j]!);
        if (rest < 0 || !took[j]![rest]) continue;
        const v = value[j]![rest]! + importance[k - 1]!;
        if (v > take) {
          take = v;
          before = j;
        }
      }
      if (take > skip) {
        value[k]![t] = take;
        took[k]![t] = 1;
        from[k]![t] = before;
      } else {
        value[k]![t] = skip;
      }
      if (value[k]![t]! > answer.value) answer = { value: value[k]![t]!, k, t };
    }
  }
  const chosen = Array<boolean>(n).fill(false);
  let { k, t } = answer;
  while (k > 0) {
    if (!took[k]![t]) {
      k -= 1;
      continue;
    }
    chosen[n - k] = true;
    const j = from[k]![t]!;
    t -= dw[k - 1]! + prefix[k]! - prefix[j]!;
    k = j;
  }
  return { chosen, ...measure(items, chosen) };
}
