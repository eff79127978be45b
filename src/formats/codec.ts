import type { WeightDtype } from './dtype.ts';

/** How stored bytes become float32: fixed blocks of `values` numbers in `bytes` bytes. */
export interface Codec {
  readonly values: number;
  readonly bytes: number;
  /** Decodes whole blocks: `bytes` holds `out.length / values` of them, little-endian. */
  decode(bytes: Buffer, out: Float32Array): void;
}

/** Every IEEE half as a single: a look-up is faster than taking bits apart, and exact. */
const halves = Float32Array.from({ length: 1 << 16 }, (_, h) => {
  const sign = h & 0x8000 ? -1 : 1;
  const exponent = (h >>> 10) & 31;
  const fraction = h & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
});

/** The half that is stored at byte `at`. */
export function halfAt(bytes: Buffer, at: number): number {
  return halves[bytes[at]! | (bytes[at + 1]! << 8)]!;
}

/** Codecs of plain element types. */
export const plain: Record<WeightDtype, Codec> = {
  F32: {
    values: 1,
    bytes: 4,
    decode: (bytes, out) => {
      Buffer.from(out.buffer, out.byteOffset, out.byteLength).set(bytes);
    },
  },
  F16: {
    values: 1,
    bytes: 2,
    decode: (bytes, out) => {
      for (let i = 0; i < out.length; i++) out[i] = halfAt(bytes, 2 * i);
    },
  },
  BF16: {
    values: 1,
    bytes: 2,
    decode: (bytes, out) => {
      const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
      for (let i = 0; i < out.length; i++) bits[i] = (bytes[2 * i]! << 16) | (bytes[2 * i + 1]! << 24);
    },
  },
};
