import type { CostUnit, Parameter } from '../model/index.ts';

const UNITS: [number, string][] = [
  [1e15, 'P'],
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];

/** 1234567 as `1.23M`. */
export function amount(x: number, digits = 3): string {
  if (!Number.isFinite(x)) return 'n/a';
  for (const [unit, letter] of UNITS) {
    if (Math.abs(x) >= unit * 0.9995) return `${significant(x / unit, digits)}${letter}`;
  }
  return significant(x, digits);
}

/** Up to `digits` significant digits, without an exponent between 1e-4 and 1e6. */
export function significant(x: number, digits = 3): string {
  if (!Number.isFinite(x)) return 'n/a';
  const rounded = Number(x.toPrecision(digits));
  return rounded === 0 ? '0' : String(rounded).replace('e+', 'e');
}

/** 0.4567 as `45.7%`. */
export function percent(x: number): string {
  if (!Number.isFinite(x)) return 'n/a';
  return `${x === 1 ? '100' : (100 * x).toFixed(1)}%`;
}

/** A value with its standard error, when there is one. */
export function plusMinus(x: number, standardError: number, digits = 3): string {
  const write = Math.abs(x) >= 1e4 ? amount : significant;
  const value = write(x, digits);
  return Number.isFinite(standardError) ? `${value} ± ${write(standardError, 2)}` : value;
}

/** What a tensor or a model costs, in the unit of a profile: `1.2M multiply-adds`, or `340 µs`. */
export function costWords(x: number, unit: CostUnit): string {
  if (unit === 'multiply-adds') return `${amount(x)} ${unit}`;
  return x < 1e6 ? `${significant(x / 1e3)} µs` : `${significant(x / 1e6)} ms`;
}

/** 200 as `3 min 20 s`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'n/a';
  if (seconds < 60) return `${significant(seconds)} s`;
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return h > 0 ? `${h} h ${m} min` : `${m} min ${s} s`;
}

/** `layers.3.self_attn.q_proj`: a name without what all names share. */
export function shortName(p: Parameter): string {
  return p.name.replace(/^(model\.decoder|model|transformer|gpt_neox)\./, '').replace(/\.weight$/, '');
}

/** `1 tensor`, `2 tensors`. */
export function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${n} ${n === 1 ? noun : plural}`;
}

/** At most `length` characters. */
export function clipped(text: string, length: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}

/** Bytes in words: 12.3 MB, 1.39 GB. */
export function megabytes(bytes: number): string {
  return bytes < 1e9 ? `${significant(bytes / 1e6)} MB` : `${significant(bytes / 1e9)} GB`;
}
