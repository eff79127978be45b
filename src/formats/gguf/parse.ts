/** A value of a GGUF file's metadata; 64-bit integers are numbers. */
export type MetadataValue = string | number | boolean | MetadataValue[];

/** A tensor as the header lists it: fastest dimension first, offset from the start of the data. */
export interface ListedTensor {
  name: string;
  dimensions: number[];
  type: number;
  offset: number;
}

export interface ParsedHeader {
  metadata: Map<string, MetadataValue>;
  tensors: ListedTensor[];
  /** Bytes that the header takes, before padding. */
  end: number;
}

/** The bytes end before the header does. */
export class CutShort extends Error {}

/** The header is not as the format says; the message says how. */
export class Malformed extends Error {}

/** Most values of all arrays together; the largest vocabularies have about two million with their merges and scores. */
const MAX_VALUES = 1 << 23;
/** Longest texts, in bytes: of a value (a chat template), of a key (the format's limit), of a tensor's name. */
const MAX_TEXT = { value: 1 << 24, key: 65_535, name: 1024 };
const MAX_DIMENSIONS = 4;
const MAX_DEPTH = 4;

/** Readers of scalar metadata by their type's number, with their width in bytes. */
const scalars = new Map<number, readonly [width: number, read: (b: Buffer, at: number) => number | boolean]>([
  [0, [1, (b, at) => b.readUInt8(at)]],
  [1, [1, (b, at) => b.readInt8(at)]],
  [2, [2, (b, at) => b.readUInt16LE(at)]],
  [3, [2, (b, at) => b.readInt16LE(at)]],
  [4, [4, (b, at) => b.readUInt32LE(at)]],
  [5, [4, (b, at) => b.readInt32LE(at)]],
  [6, [4, (b, at) => b.readFloatLE(at)]],
  [7, [1, (b, at) => b.readUInt8(at) !== 0]],
  [10, [8, (b, at) => Number(b.readBigUInt64LE(at))]],
  [11, [8, (b, at) => Number(b.readBigInt64LE(at))]],
  [12, [8, (b, at) => b.readDoubleLE(at)]],
]);
const STRING = 8;
const ARRAY = 9;

/**
 * Parses a GGUF header of version 2 or 3 from its bytes. No count is believed before the bytes for it are there, so time and memory are
 * bounded by the bytes given. Throws CutShort when they end too early, Malformed when they make no sense.
 * Source of the layout: ggml-org/ggml, docs/gguf.md.
 */
export function parseHeader(bytes: Buffer): ParsedHeader {
  return new Parser(bytes).header();
}

class Parser {
  readonly #bytes: Buffer;
  #at = 0;
  #values = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  header(): ParsedHeader {
    if (this.#bytes.toString('latin1', this.#take(4), 4) !== 'GGUF') {
      throw new Malformed('it does not start with "GGUF"');
    }
    const version = this.#u32();
    if ((version & 0xffff) === 0) throw new Malformed('it is big-endian');
    if (version !== 2 && version !== 3) throw new Malformed(`its version is ${version}; 2 and 3 are read`);
    const tensorCount = this.#u64();
    const entryCount = this.#u64();
    const metadata = new Map<string, MetadataValue>();
    for (let i = 0; i < entryCount; i++) {
      const key = this.#text('key');
      if (metadata.has(key)) throw new Malformed(`its metadata has ${JSON.stringify(key)} twice`);
      metadata.set(key, this.#value(this.#u32(), 0));
    }
    const tensors = new Map<string, ListedTensor>();
    for (let i = 0; i < tensorCount; i++) {
      const name = this.#text('name');
      if (tensors.has(name)) throw new Malformed(`two tensors are named ${name}`); // ends a run of zeros, too
      const rank = this.#u32();
      if (rank > MAX_DIMENSIONS) {
        throw new Malformed(`tensor ${name} has ${rank} dimensions, more than ${MAX_DIMENSIONS}`);
      }
      const dimensions = Array.from({ length: rank }, () => this.#u64());
      tensors.set(name, { name, dimensions, type: this.#u32(), offset: this.#u64() });
    }
    return { metadata, tensors: [...tensors.values()], end: this.#at };
  }

  #value(type: number, depth: number): MetadataValue {
    const scalar = scalars.get(type);
    if (scalar) return scalar[1](this.#bytes, this.#take(scalar[0]));
    if (type === STRING) return this.#text('value');
    if (type !== ARRAY || depth === MAX_DEPTH)
      throw new Malformed(`its metadata has a value of type ${type}`);
    const inner = this.#u32();
    const count = this.#u64();
    this.#values += count;
    if (this.#values > MAX_VALUES) throw new Malformed(`its metadata lists ${this.#values} values or more`);
    const list: MetadataValue[] = [];
    for (let i = 0; i < count; i++) list.push(this.#value(inner, depth + 1));
    return list;
  }

  #text(kind: keyof typeof MAX_TEXT): string {
    const length = this.#u64();
    if (length > MAX_TEXT[kind]) throw new Malformed(`it has a ${kind} of ${length} bytes`);
    const at = this.#take(length);
    return this.#bytes.toString('utf8', at, at + length);
  }

  #u32(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  #u64(): number {
    return Number(this.#bytes.readBigUInt64LE(this.#take(8)));
  }

  /** Moves on by `length` bytes and gives where they begin. */
  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) throw new CutShort();
    this.#at = at + length;
    return at;
  }
}
