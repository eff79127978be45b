import { halfAt, plain, type Codec } from '../codec.ts';
import { kQuants } from './k-quants.ts';

/** An element type of GGUF; `codec` is missing for those that are known but not read. */
export interface Quant {
  readonly name: string;
  /** Values and bytes of a block. */
  readonly values: number;
  readonly bytes: number;
  readonly codec?: Codec;
}

/**
 * Blocks of 32 values: a half-precision scale `d`, in the `_1` types a half-precision offset `m`, then the codes. Value i of the
 * first 16 is in the low half of byte i, of the last 16 in the high half; the fifth bits of Q5 lie apart, one a value.
 * Source: ggml-org/ggml, src/ggml-quants.c (dequantize_row_q4_0 and its neighbours).
 */
function legacy(bits: 4 | 5, offset: boolean): Codec {
  const high = offset ? 4 : 2; // where the fifth bits begin
  const codes = high + (bits === 5 ? 4 : 0);
  const bytes = codes + 16;
  const centre = offset ? 0 : 1 << (bits - 1);
  return {
    values: 32,
    bytes,
    decode(source, out) {
      for (let at = 0, o = 0; o < out.length; at += bytes, o += 32) {
        const d = halfAt(source, at);
        const m = offset ? halfAt(source, at + 2) : -0; // -0 leaves all as it is, zeros too
        const fifth = bits === 5 ? source.readUInt32LE(at + high) : 0;
        for (let i = 0; i < 16; i++) {
          const byte = source[at + codes + i]!;
          const low = (byte & 15) | (((fifth >>> i) & 1) << 4);
          const top = (byte >>> 4) | (((fifth >>> (i + 16)) & 1) << 4);
          out[o + i] = d * (low - centre) + m;
          out[o + i + 16] = d * (top - centre) + m;
        }
      }
    },
  };
}

const q8: Codec = {
  values: 32,
  bytes: 34,
  decode(source, out) {
    for (let at = 0, o = 0; o < out.length; at += 34, o += 32) {
      const d = halfAt(source, at);
      for (let i = 0; i < 32; i++) out[o + i] = d * ((source[at + 2 + i]! << 24) >> 24);
    }
  },
};

const read = (name: string, codec: Codec): Quant => ({
  name,
  values: codec.values,
  bytes: codec.bytes,
  codec,
});
const known = (name: string, values: number, bytes: number): Quant => ({ name, values, bytes });

/** By ggml's type number (ggml.h, enum ggml_type). */
const quants = new Map<number, Quant>([
  [0, read('F32', plain.F32)],
  [1, read('F16', plain.F16)],
  [2, read('Q4_0', legacy(4, false))],
  [3, read('Q4_1', legacy(4, true))],
  [6, read('Q5_0', legacy(5, false))],
  [7, read('Q5_1', legacy(5, true))],
  [8, read('Q8_0', q8)],
  [9, known('Q8_1', 32, 40)],
  [10, read('Q2_K', kQuants.Q2_K)],
  [11, read('Q3_K', kQuants.Q3_K)],
  [12, read('Q4_K', kQuants.Q4_K)],
  [13, read('Q5_K', kQuants.Q5_K)],
  [14, read('Q6_K', kQuants.Q6_K)],
  [15, read('Q8_K', kQuants.Q8_K)],
  [16, known('IQ2_XXS', 256, 66)],
  [17, known('IQ2_XS', 256, 74)],
  [18, known('IQ3_XXS', 256, 98)],
  [19, known('IQ1_S', 256, 50)],
  [20, known('IQ4_NL', 32, 18)],
  [21, known('IQ3_S', 256, 110)],
  [22, known('IQ2_S', 256, 82)],
  [23, known('IQ4_XS', 256, 136)],
  [24, known('I8', 1, 1)],
  [25, known('I16', 1, 2)],
  [26, known('I32', 1, 4)],
  [27, known('I64', 1, 8)],
  [28, known('F64', 1, 8)],
  [29, known('IQ1_M', 256, 56)],
  [30, read('BF16', plain.BF16)],
  [34, known('TQ1_0', 256, 54)],
  [35, known('TQ2_0', 256, 66)],
  [39, known('MXFP4', 32, 17)],
]);

/** The element type of a ggml type number. */
export function quantNamed(type: number): Quant | undefined {
  return quants.get(type);
}

/** Names of the element types that are read. */
export const readable: readonly string[] = [...quants.values()].filter((q) => q.codec).map((q) => q.name);
