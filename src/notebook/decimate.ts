import type { PlotlySpec } from './spec.ts';

type Numbers = ArrayLike<unknown>;

function isSeries(value: unknown): value is Numbers {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/**
 * Indices that keep the lowest and the highest point of each of `maxPoints / 2` equal stretches, so that spikes stay.
 * Points that are not numbers are passed over unless a stretch has no other.
 */
export function extremes(y: Numbers, maxPoints: number): number[] {
  const stretches = Math.max(1, Math.floor(maxPoints / 2));
  const kept: number[] = [];
  for (let s = 0; s < stretches; s++) {
    const from = Math.floor((s * y.length) / stretches);
    const to = Math.floor(((s + 1) * y.length) / stretches);
    let low = -1;
    let high = -1;
    for (let i = from; i < to; i++) {
      const value = Number(y[i] ?? NaN);
      if (!Number.isFinite(value)) continue;
      if (low < 0 || value < Number(y[low])) low = i;
      if (high < 0 || value > Number(y[high])) high = i;
    }
    if (low < 0) kept.push(from);
    else kept.push(...(low === high ? [low] : [Math.min(low, high), Math.max(low, high)]));
  }
  return kept;
}

function decimateTrace(trace: unknown, maxPoints: number): unknown {
  if (typeof trace !== 'object' || trace === null) return trace;
  const { y } = trace as { y?: unknown };
  if (!isSeries(y) || y.length <= maxPoints) return trace;
  const kept = extremes(y, maxPoints);
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
