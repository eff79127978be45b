/** A plotly figure as plain data. */
export interface PlotlySpec {
  data: unknown[];
  layout?: Record<string, unknown>;
}

type TypedArray =
  Float32Array | Float64Array | Int32Array | Uint32Array | Int16Array | Uint16Array | Int8Array | Uint8Array;

/** float32 has 7 to 8 significant digits; written as float64 it would take 17. */
const FLOAT32_DIGITS = 7;

function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/** JSON knows no typed arrays, and plotly draws gaps for null where numbers are not finite. */
function plain(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (value instanceof Float32Array)
    return Array.from(value, (v) => plain(Number(v.toPrecision(FLOAT32_DIGITS))));
  if (isTypedArray(value)) return Array.from(value, plain);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** A copy that survives JSON: typed arrays as arrays, numbers that are not finite as null. */
export function plainSpec(spec: PlotlySpec): Required<PlotlySpec> {
  return {
    data: plain(spec.data) as unknown[],
    layout: plain(spec.layout ?? {}) as Record<string, unknown>,
  };
}
