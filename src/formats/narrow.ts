import { ConfigError } from '../errors.ts';
import type { WeightDtype } from './dtype.ts';

/**
 * float32 values as little-endian bytes of `dtype`, rounded to the nearest, ties to even. Throws ConfigError naming
 * the tensor when a finite value would become infinite; infinities and NaN stay what they are.
 */
export function narrow(dtype: WeightDtype, values: Float32Array, name: string): Uint8Array {
  if (dtype === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const words = new Uint16Array(values.length);
  const round = dtype === 'BF16' ? toBrain : toHalf;
  const infinite = dtype === 'BF16' ? 0x7f80 : 0x7c00;
  for (let i = 0; i < words.length; i++) {
    const word = round(bits[i]!);
    if ((word & 0x7fff) === infinite && Number.isFinite(values[i]!)) {
      throw new ConfigError(
        `${name} holds ${values[i]!}, which ${dtype} cannot hold. Write F32${dtype === 'F16' ? ' or BF16' : ''}.`,
      );
    }
    words[i] = word;
  }
  return new Uint8Array(words.buffer);
}

/** Bits of a single -> bits of the nearest bfloat16. */
function toBrain(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40; // NaN stays NaN when its low bits go
  return ((bits >>> 16) + nearest(bits & 0xffff, 0x8000, (bits >>> 16) & 1)) & 0xffff;
}

/** Bits of a single -> bits of the nearest half. */
function toHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 255) - 112;
  const fraction = bits & 0x7fffff;
  if (exponent === 143) return sign | 0x7c00 | (fraction ? 0x200 : 0);
  if (exponent >= 31) return sign | 0x7c00;
  if (exponent > 0) {
    const kept = (exponent << 10) | (fraction >>> 13);
    return sign | (kept + nearest(fraction & 0x1fff, 0x1000, kept & 1)); // a carry moves into the exponent, rightly
  }
  if (exponent < -10) return sign; // below half of the smallest subnormal
  const whole = fraction | 0x800000;
  const shift = 14 - exponent;
  const kept = whole >>> shift;
  return sign | (kept + nearest(whole & ((1 << shift) - 1), 1 << (shift - 1), kept & 1));
}

/** 1 to round up: the part cut off is above half, or at half and what is kept is odd. */
function nearest(rest: number, half: number, odd: number): number {
  return rest > half || (rest === half && odd === 1) ? 1 : 0;
}
