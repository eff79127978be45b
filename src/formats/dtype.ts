/** Element types of the safetensors format and their bytes. */
export const bytesOf = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const;

export type Dtype = keyof typeof bytesOf;

/** Element types that weights are read from and written as. */
export type WeightDtype = 'F32' | 'F16' | 'BF16';

export function isDtype(x: unknown): x is Dtype {
  return typeof x === 'string' && Object.hasOwn(bytesOf, x);
}

export function isWeightDtype(x: unknown): x is WeightDtype {
  return x === 'F32' || x === 'F16' || x === 'BF16';
}
