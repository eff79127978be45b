/** More than this many times the next value counts as off the scale. */
const FACTOR = 3;
const MOST = 3;
/** At most one in so many values is an outlier: few tensors have wide bars, and are shown as they are. */
const FEW = 12;

/**
 * Where to cut an axis that a few values would flatten for all others: above it lie the one to three largest values, each
 * at least three times the next. Undefined when no cut is needed. Values are not negative.
 */
export function cutAbove(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => b - a);
  for (let k = Math.min(MOST, Math.floor(sorted.length / FEW)); k >= 1; k--) {
    const next = sorted[k];
    if (next !== undefined && next > 0 && sorted[k - 1]! > FACTOR * next) return 1.4 * next;
  }
  return undefined;
}
