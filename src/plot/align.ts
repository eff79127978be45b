/** A curve by its points, x ascending. */
export interface Curve {
  x: readonly number[];
  y: readonly number[];
}

/** Value of a curve at `at`, linear between points, NaN outside. */
export function interpolate({ x, y }: Curve, at: number): number {
  const after = lowerBound(x, at);
  if (x[after] === at) return y[after]!;
  if (after === 0 || after === x.length) return NaN;
  const [x0, x1, y0, y1] = [x[after - 1]!, x[after]!, y[after - 1]!, y[after]!];
  return y0 + ((y1 - y0) * (at - x0)) / (x1 - x0);
}

/** First index whose x is not below `at`. */
function lowerBound(x: readonly number[], at: number): number {
  let [low, high] = [0, x.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Mean and sample standard deviation (NaN below two values). */
export function spread(values: readonly number[]): { mean: number; deviation: number } {
  const n = values.length;
  const mean = values.reduce((s, v) => s + v, 0) / n;
  const squares = values.reduce((s, v) => s + (v - mean) ** 2, 0);
  return { mean, deviation: n < 2 ? NaN : Math.sqrt(squares / (n - 1)) };
}

/** Mean and spread of several curves at up to `points` equally spaced places where all of them have values. */
export function meanCurve(curves: readonly Curve[], points: number) {
  const from = Math.max(...curves.map((c) => c.x[0] ?? NaN));
  const to = Math.min(...curves.map((c) => c.x.at(-1) ?? NaN));
  if (!(from <= to)) return [];
  const n = Math.max(1, Math.min(points, ...curves.map((c) => c.x.length)));
  return Array.from({ length: n }, (_, i) => {
    const at = n === 1 || i === n - 1 ? to : from + ((to - from) * i) / (n - 1);
    return { x: at, ...spread(curves.map((c) => interpolate(c, at))) };
  });
}
