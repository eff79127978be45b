/** First and count of each part of 0..total - 1. */
export type Range = readonly [first: number, count: number];

/** 0..total - 1 in at most `most` parts of nearly the same size, each but the last a multiple of `grain`. */
export function ranges(total: number, most: number, grain: number): Range[] {
  const size = Math.max(grain, Math.ceil(total / most / grain) * grain);
  return rangesOf(total, size);
}

/** 0..total - 1 in parts of `size`: the same parts on every machine, for sums whose order must not depend on it. */
export function rangesOf(total: number, size: number): Range[] {
  const parts: Range[] = [];
  for (let first = 0; first < total; first += size) parts.push([first, Math.min(size, total - first)]);
  return parts;
}
