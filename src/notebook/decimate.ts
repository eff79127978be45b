import { thinned } from '../plot/thin.ts';
import type { PlotlySpec } from './spec.ts';

type Numbers = ArrayLike<unknown>;

function isSeries(value: unknown): value is Numbers {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function decimateTrace(trace: unknown, maxPoints: number): unknown {
  if (typeof trace !== 'object' || trace === null) return trace;
  const { y } = trace as { y?: unknown };
  if (!isSeries(y) || y.length <= maxPoints) return trace;
  const numbers = Array.from(y, (value) => (value === null ? NaN : Number(value)));
  const kept = thinned(numbers, maxPoints);
  const pick = (value: unknown, depth: number): unknown => {
    if (isSeries(value)) return value.length === y.length ? kept.map((i) => value[i]) : value;
    if (typeof value !== 'object' || value === null || depth > 1) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, pick(inner, depth + 1)]));
  };
  const whole = 'x' in trace ? trace : { ...trace, x: Array.from({ length: y.length }, (_, i) => i) };
  return pick(whole, 0);
}

/** A figure whose traces have at most `maxPoints` points each; everything that runs along with y is thinned with it. */
export function decimate(spec: PlotlySpec, maxPoints: number): PlotlySpec {
  return { ...spec, data: spec.data.map((trace) => decimateTrace(trace, maxPoints)) };
}
