import { fileURLToPath } from 'node:url';
import { readJson } from '../goldens.ts';

interface Stream {
  key_hex: string;
  counter_hex: [string, string];
}

interface Goldens {
  random123_kat: { counter: number[]; key: number[]; out: number[] }[];
  rows: (Stream & { n: number; uint32: number[]; normal: number[] })[];
  big: {
    key_hex: string;
    n: number;
    normal_first8: number[];
    normal_last8: number[];
    sum: number;
    variance: number;
  }[];
  floor: { key: number; counter: [number, number]; lane: number; normal: number[] };
}

/** Integers and normals of TensorFlow 2.20 (see scripts/goldens.mjs). */
export const goldens = readJson<Goldens>(fileURLToPath(new URL('../goldens/noise.json', import.meta.url)));

/** Low and high 32 bits of a uint64. */
export function words(hex: string): [low: number, high: number] {
  const value = BigInt(hex);
  return [Number(value & 0xffffffffn), Number(value >> 32n)];
}
