/**
 * At most `limit` indices into `values` (limit >= 4), in order: the first, the last, and the lowest and highest of equal
 * stretches, so that spikes stay visible. Values that are not finite stand for a stretch only when it has no other.
 */
export function thinned(values: readonly number[], limit: number): number[] {
  const n = values.length;
  if (n <= limit) return values.map((_, i) => i);
  const stretches = Math.max(1, Math.floor((limit - 2) / 2));
  const kept = new Set([0]);
  for (let s = 0; s < stretches; s++) {
    const [from, to] = [Math.floor((s * n) / stretches), Math.floor(((s + 1) * n) / stretches)];
    let low = from;
    let high = from;
    for (let i = from; i < to; i++) {
      const x = values[i]!;
      if (!Number.isFinite(x)) continue;
      if (!(values[low]! <= x)) low = i;
      if (!(values[high]! >= x)) high = i;
    }
    kept.add(Math.min(low, high)).add(Math.max(low, high));
  }
  return [...kept.add(n - 1)];
}
