/** A GGUF file for tests, field by field, so that each can be made wrong. */
export interface GgufParts {
  magic?: string;
  version?: number;
  tensorCount?: number;
  entryCount?: number;
  metadata: [key: string, value: GgufValue][];
  tensors: { name: string; dimensions: number[]; type: number; offset?: number; data: Uint8Array }[];
}

/** Metadata with its type's number; arrays give their items' type. */
export type GgufValue =
  | { type: 4 | 5 | 6 | 7 | 10; value: number }
  | { type: 8; value: string }
  | { type: 9; items: number; count?: number; value: (number | string)[] };

export const u32 = (value: number): GgufValue => ({ type: 4, value });
export const f32 = (value: number): GgufValue => ({ type: 6, value });
export const flag = (value: boolean): GgufValue => ({ type: 7, value: Number(value) });
export const text = (value: string): GgufValue => ({ type: 8, value });
export const texts = (value: string[]): GgufValue => ({ type: 9, items: 8, value });
export const ints = (value: number[]): GgufValue => ({ type: 9, items: 5, value });

/** Bytes of a GGUF file, tensors one after the other, aligned to 32. Source: ggml-org/ggml, docs/gguf.md. */
export function ggufBytes(parts: GgufParts): Buffer {
  const { magic = 'GGUF', version = 3, metadata, tensors } = parts;
  const out: Buffer[] = [Buffer.from(magic, 'latin1')];
  const number = (type: number, value: number): void => {
    const bytes = Buffer.alloc(type === 10 ? 8 : type === 7 ? 1 : 4);
    if (type === 10) bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
    else if (type === 7) bytes.writeUInt8(value);
    else if (type === 6) bytes.writeFloatLE(value);
    else if (type === 5) bytes.writeInt32LE(value);
    else bytes.writeUInt32LE(value >>> 0);
    out.push(bytes);
  };
  const string = (value: string): void => {
    const bytes = Buffer.from(value);
    number(10, bytes.length);
    out.push(bytes);
  };
  const item = (type: number, value: number | string): void =>
    typeof value === 'string' ? string(value) : number(type, value);
  number(4, version);
  number(10, parts.tensorCount ?? tensors.length);
  number(10, parts.entryCount ?? metadata.length);
  for (const [key, value] of metadata) {
    string(key);
    number(4, value.type);
    if (value.type === 9) {
      number(4, value.items);
      number(10, value.count ?? value.value.length);
      for (const v of value.value) item(value.items, v);
    } else item(value.type, value.value);
  }
  const aligned = (n: number) => Math.ceil(n / 32) * 32;
  let at = 0;
  for (const t of tensors) {
    string(t.name);
    number(4, t.dimensions.length);
    for (const d of t.dimensions) number(10, d);
    number(4, t.type);
    number(10, t.offset ?? at);
    at += aligned(t.data.length);
  }
  const pad = () => out.push(Buffer.alloc(aligned(length()) - length()));
  const length = () => out.reduce((n, b) => n + b.length, 0);
  pad();
  for (const t of tensors) {
    out.push(Buffer.from(t.data));
    pad();
  }
  return Buffer.concat(out);
}
