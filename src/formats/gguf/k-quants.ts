import { halfAt, type Codec } from '../codec.ts';

/**
 * K-quants: super-blocks of 256 values with half-precision scales over smaller blocks' integer scales.
 * Source: ggml-org/ggml, src/ggml-quants.c (dequantize_row_q2_K to q8_K) and src/ggml-common.h (block layouts).
 */

/** 16 blocks of 16: `value = d * scale * code - dmin * minimum`, two bits a code. */
const Q2_K: Codec = {
  values: 256,
  bytes: 84, // scales 16, codes 64, d 2, dmin 2
  decode(source, out) {
    for (let at = 0, o = 0; o < out.length; at += 84, o += 256) {
      const d = halfAt(source, at + 80);
      const dmin = halfAt(source, at + 82);
      for (let block = 0; block < 16; block++) {
        const scale = d * (source[at + block]! & 15);
        const minimum = dmin * (source[at + block]! >>> 4);
        const { codes, shift } = quarter(at + 16, block);
        for (let i = 0; i < 16; i++) {
          out[o + 16 * block + i] = scale * ((source[codes + i]! >>> shift) & 3) - minimum;
        }
      }
    }
  },
};

/** 16 blocks of 16: `value = d * (scale - 32) * (code - 4 or 0)`, two bits a code and a third kept apart. */
const Q3_K: Codec = {
  values: 256,
  bytes: 110, // third bits 32, codes 64, scales 12, d 2
  decode(source, out) {
    for (let at = 0, o = 0; o < out.length; at += 110, o += 256) {
      const d = halfAt(source, at + 108);
      for (let block = 0; block < 16; block++) {
        const low = source[at + 96 + (block & 7)]! >>> (block < 8 ? 0 : 4);
        const high = source[at + 104 + (block & 3)]! >>> (2 * (block >> 2));
        const scale = d * (((low & 15) | ((high & 3) << 4)) - 32);
        const { codes, shift } = quarter(at + 32, block);
        const third = at + 16 * (block & 1);
        const bit = block >> 1;
        for (let i = 0; i < 16; i++) {
          const code = (source[codes + i]! >>> shift) & 3;
          out[o + 16 * block + i] = scale * (code - ((source[third + i]! >>> bit) & 1 ? 0 : 4));
        }
      }
    }
  },
};

/** Where block `b` of 16 two-bit codes begins: halves of 128 values, in each four shifts over the same 32 bytes. */
function quarter(codes: number, b: number): { codes: number; shift: number } {
  return { codes: codes + 32 * (b >> 3) + 16 * (b & 1), shift: 2 * ((b >> 1) & 3) };
}

/** 8 blocks of 32: `value = d * scale * code - dmin * minimum`, four bits a code; in Q5_K a fifth bit kept apart. */
function fourOrFive(bits: 4 | 5): Codec {
  const fifth = 16; // d 2, dmin 2, scales 12
  const codes = fifth + (bits === 5 ? 32 : 0);
  const bytes = codes + 128;
  return {
    values: 256,
    bytes,
    decode(source, out) {
      for (let at = 0, o = 0; o < out.length; at += bytes, o += 256) {
        const d = halfAt(source, at);
        const dmin = halfAt(source, at + 2);
        for (let block = 0; block < 8; block++) {
          const scale = d * scaleOf(source, at + 4, block);
          const minimum = dmin * minimumOf(source, at + 4, block);
          const from = at + codes + 32 * (block >> 1);
          const shift = 4 * (block & 1);
          for (let i = 0; i < 32; i++) {
            let code = (source[from + i]! >>> shift) & 15;
            if (bits === 5) code |= ((source[at + fifth + i]! >>> block) & 1) << 4;
            out[o + 32 * block + i] = scale * code - minimum;
          }
        }
      }
    },
  };
}

/**
 * Scale and minimum `block` of the eight, six bits each, in 12 bytes: the first four scales and minima are the low six bits of
 * bytes 0-3 and 4-7; the last four keep their top two bits in the same bytes and the low four in bytes 8-11.
 */
function scaleOf(source: Buffer, at: number, block: number): number {
  const byte = source[at + (block & 3)]!;
  return block < 4 ? byte & 63 : (source[at + 4 + block]! & 15) | ((byte >>> 2) & 48);
}

function minimumOf(source: Buffer, at: number, block: number): number {
  const byte = source[at + 4 + (block & 3)]!;
  return block < 4 ? byte & 63 : (source[at + 4 + block]! >>> 4) | ((byte >>> 2) & 48);
}

/** 16 blocks of 16: `value = d * scale * (code - 32)`, four bits a code and two kept apart. */
const Q6_K: Codec = {
  values: 256,
  bytes: 210, // low bits 128, high bits 64, scales 16, d 2
  decode(source, out) {
    for (let at = 0, o = 0; o < out.length; at += 210, o += 256) {
      const d = halfAt(source, at + 208);
      for (let block = 0; block < 16; block++) {
        const scale = d * ((source[at + 192 + block]! << 24) >> 24);
        const half = block >> 3; // 128 values each: 64 bytes of low bits, 32 of high bits
        const row = (block >> 1) & 3; // 32 values each
        const low = at + 64 * half + 32 * (row & 1) + 16 * (block & 1);
        const high = at + 128 + 32 * half + 16 * (block & 1);
        for (let i = 0; i < 16; i++) {
          const code =
            ((source[low + i]! >>> (4 * (row >> 1))) & 15) | (((source[high + i]! >>> (2 * row)) & 3) << 4);
          out[o + 16 * block + i] = scale * (code - 32);
        }
      }
    }
  },
};

/** 256 signed bytes under a float32 scale, then sums that only ggml's dot products use. */
const Q8_K: Codec = {
  values: 256,
  bytes: 292, // d 4, codes 256, sums 32
  decode(source, out) {
    for (let at = 0, o = 0; o < out.length; at += 292, o += 256) {
      const d = source.readFloatLE(at);
      for (let i = 0; i < 256; i++) out[o + i] = d * ((source[at + 4 + i]! << 24) >> 24);
    }
  },
};

export const kQuants = { Q2_K, Q3_K, Q4_K: fourOrFive(4), Q5_K: fourOrFive(5), Q6_K, Q8_K };
