/** A plotly figure as plain JSON: traces and layout, without functions, typed arrays, NaN or undefined. */
export interface FigureSpec {
  data: Record<string, unknown>[];
  layout: Record<string, unknown>;
}

const DIGITS = 5;
/** Whole numbers up to here are positions or counts (steps, passes) and short enough to keep as they are. */
const EXACT = 1e9;

/** A number as it goes into a figure: 5 significant digits, whole numbers below 1e9 exact, null when not finite. */
export function figureNumber(x: number): number | null {
  if (!Number.isFinite(x)) return null;
  if (x === 0) return 0; // -0 as well
  if (Number.isInteger(x) && Math.abs(x) < EXACT) return x;
  const rounded = Number(x.toPrecision(DIGITS));
  return Number.isFinite(rounded) ? rounded : x; // the largest doubles round to infinity
}

function plain(value: unknown): unknown {
  if (typeof value === 'number') return figureNumber(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const known = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(known.map(([key, inner]) => [key, plain(inner)]));
}

/** Makes the spec: every number through `figureNumber`, what is undefined left out. */
export function figureSpec(data: object[], layout: object): FigureSpec {
  return {
    data: data.map((trace) => plain(trace) as Record<string, unknown>),
    layout: plain(layout) as Record<string, unknown>,
  };
}
