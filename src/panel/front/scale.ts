/** A slider's way over a setting: positions 0 to 1 and values, on a logarithmic scale. */
export interface Scale {
  toValue: (position: number) => number;
  toPosition: (value: number) => number;
  /** Values that the field takes; the slider may end before. */
  accepts: (value: number) => boolean;
}

/** Share of the way that belongs to 0, where 0 makes sense. */
const ZERO = 0.04;

/** From `low` to `high` in two digits; with `zero`, the left end is 0. */
export function logScale(low: number, high: number, { zero = false } = {}): Scale {
  const start = zero ? ZERO : 0;
  const span = Math.log(high / low);
  return {
    toValue(position) {
      if (position < start) return 0;
      const way = Math.min(1, (position - start) / (1 - start));
      return Number((low * Math.exp(way * span)).toPrecision(2));
    },
    toPosition(value) {
      if (!(value > 0)) return 0;
      const way = Math.log(value / low) / span;
      return Math.min(1, Math.max(0, start + way * (1 - start)));
    },
    accepts: (value) => Number.isFinite(value) && (zero ? value >= 0 : value > 0),
  };
}

/** Whole numbers from 1 to `high`, doubling at even distances. */
export function countScale(high: number): Scale {
  const span = Math.log(high);
  return {
    toValue: (position) => Math.round(Math.exp(position * span)),
    toPosition: (value) => Math.min(1, Math.max(0, Math.log(value) / span)),
    accepts: (value) => Number.isInteger(value) && value >= 1 && value <= high,
  };
}

/** A setting as text: `2e-5`, `0.1`, `16`. */
export function settingText(value: number): string {
  if (value === 0) return '0';
  const plain = String(Number(value.toPrecision(4)));
  const size = Math.abs(value);
  if (size >= 0.01 && size < 1e5) return plain;
  return value
    .toExponential(3)
    .replace(/\.?0*e/, 'e')
    .replace('e+', 'e');
}
