/** Element types that are read. All are widened to float32, F64 is also given as it is. */
export type Dtype = 'F32' | 'F16' | 'BF16' | 'F64';

export const bytesOf: Record<Dtype, number> = { F32: 4, F16: 2, BF16: 2, F64: 8 };

export function isDtype(x: unknown): x is Dtype {
  return typeof x === 'string' && Object.hasOwn(bytesOf, x);
}

/** Little-endian bytes -> numbers. `bytes` must start at offset 0 of its buffer. */
export function widen(dtype: Dtype, bytes: Buffer): Float32Array | Float64Array {
  const n = bytes.byteLength / bytesOf[dtype];
  if (dtype === 'F32') return new Float32Array(bytes.buffer, 0, n);
  if (dtype === 'F64') return new Float64Array(bytes.buffer, 0, n);
  const words = new Uint16Array(bytes.buffer, 0, n);
  const bits = new Uint32Array(n);
  if (dtype === 'BF16') for (let i = 0; i < n; i++) bits[i] = words[i]! << 16;
  else for (let i = 0; i < n; i++) bits[i] = halfToSingle(words[i]!);
  return new Float32Array(bits.buffer);
}

/** IEEE half -> the bits of the equal single. */
function halfToSingle(h: number): number {
  const sign = (h & 0x8000) << 16;
  const exponent = (h >>> 10) & 31;
  const fraction = h & 1023;
  if (exponent === 31) return sign | 0x7f800000 | (fraction << 13);
  if (exponent !== 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  const shift = Math.clz32(fraction) - 21; // subnormal: normalise
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 1023) << 13);
}
