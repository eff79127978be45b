import type { FileHandle } from 'node:fs/promises';
import type { GGUFParseOutput } from '@huggingface/gguf';
import { FormatError } from '../../errors.ts';
import { readInto } from '../ranged.ts';
import { quantNamed, type Quant } from './quants.ts';

/** A value of a GGUF file's metadata; 64-bit integers are numbers. */
export type MetadataValue = string | number | boolean | MetadataValue[];

/** Where one tensor lies in a GGUF file. */
export interface GgufTensor {
  readonly name: string;
  readonly quant: Quant;
  /** Row-major, as Hugging Face writes shapes (GGUF itself lists the fastest dimension first). */
  readonly shape: readonly number[];
  /** First byte in the file. */
  readonly at: number;
}

export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, MetadataValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** Longest header that is read, in bytes (the library's limit). */
const MAX_HEADER = 50_000_000;
/** The shortest that a metadata entry and a tensor's entry can be: an empty name, one byte, no dimensions. */
const SHORTEST = { entry: 13, tensor: 24 };

/**
 * Reads and checks the header of an open GGUF file: counts that fit the file, known element types, whole blocks, aligned
 * tensors that lie inside the file and apart from each other. Throws FormatError otherwise.
 *
 * `@huggingface/gguf` does the parsing. It takes what lies behind the end of a local file for zeros and trusts the counts
 * for long, so the file is handed to it as ranges that end where the file ends, and the counts are checked before.
 */
export async function readHeader(handle: FileHandle, path: string): Promise<GgufHeader> {
  const fail = (what: string): never => {
    throw new FormatError(`${path} is not a readable GGUF file: ${what}. Download or convert it again.`);
  };
  const { size } = await handle.stat();
  if (size < 24) fail(`it has ${size} bytes, fewer than the 24 of a header`);
  const start = Buffer.alloc(24);
  await readInto(handle, 0, start, path);
  if (start.toString('latin1', 0, 4) !== 'GGUF') fail('it does not start with "GGUF"');
  const version = start.readUInt32LE(4);
  if (version !== 2 && version !== 3) {
    fail(version & 0xffff ? `its version is ${version}; 2 and 3 are read` : 'it is big-endian');
  }
  const tensors = Number(start.readBigUInt64LE(8));
  const entries = Number(start.readBigUInt64LE(16));
  const room = Math.min(size, MAX_HEADER) - 24;
  if (tensors * SHORTEST.tensor + entries * SHORTEST.entry > room) {
    fail(
      `it claims ${tensors} tensors and ${entries} metadata entries, more than its ${size} bytes can hold`,
    );
  }
  const { gguf } = await import('@huggingface/gguf'); // only who reads GGUF waits for it
  let parsed: GGUFParseOutput;
  try {
    parsed = await gguf('http://file/', { fetch: fromFile(handle, size, path) });
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    return fail(cause instanceof Error ? cause.message : String(cause));
  }
  if (parsed.tensorInfoByteRange[1] > size) fail('its header is cut short');
  const metadata = new Map<string, MetadataValue>();
  for (const [key, value] of Object.entries(parsed.metadata as Record<string, unknown>)) {
    if (!counted.has(key)) metadata.set(key, plain(value));
  }
  if (metadata.size !== entries) fail(`it has ${entries} metadata entries, of which some have the same name`);
  return { metadata, tensors: placed(parsed, metadata.get('general.alignment'), size, fail) };
}

/** What the library adds to the metadata. */
const counted = new Set(['version', 'tensor_count', 'kv_count']);

/** Answers the library's range requests from the file; behind its end there is nothing. */
function fromFile(handle: FileHandle, size: number, path: string): typeof fetch {
  return async (_, init) => {
    const range = /^bytes=(\d+)-(\d+)$/.exec((init!.headers as Record<string, string>).Range!)!;
    const [from, to] = [Number(range[1]), Math.min(Number(range[2]) + 1, size)];
    if (from >= to) throw new FormatError(`${path} is not a readable GGUF file: its header is cut short.`);
    const bytes = new Uint8Array(to - from);
    await readInto(handle, from, bytes, path);
    return new Response(bytes);
  };
}

function plain(value: unknown): MetadataValue {
  if (typeof value === 'bigint') return Number(value);
  return Array.isArray(value) ? value.map(plain) : (value as MetadataValue);
}

function placed(
  { tensorInfos, tensorInfoByteRange }: GGUFParseOutput,
  alignment: MetadataValue = 32,
  size: number,
  fail: (what: string) => never,
): Map<string, GgufTensor> {
  if (typeof alignment !== 'number' || alignment < 1 || alignment > 1 << 16 || alignment & (alignment - 1)) {
    return fail(`general.alignment is ${JSON.stringify(alignment)}, which is no power of two up to 65536`);
  }
  const dataStart = Math.ceil(tensorInfoByteRange[1] / alignment) * alignment;
  const tensors = new Map<string, GgufTensor>();
  const ends: { name: string; from: number; to: number }[] = [];
  for (const { name, shape: dimensions, dtype, offset } of tensorInfos) {
    const quant = quantNamed(dtype);
    if (!quant) fail(`tensor ${name} has the unknown element type ${dtype}`);
    const shape = dimensions.map(Number).reverse();
    if (shape.length > 4) fail(`tensor ${name} has ${shape.length} dimensions, more than 4`);
    const count = shape.reduce((n, d) => n * d, 1);
    if ((shape.at(-1) ?? 1) % quant.values !== 0) {
      fail(
        `rows of tensor ${name} have ${shape.at(-1)} values, no multiple of ${quant.name}'s ${quant.values}`,
      );
    }
    const bytes = (count / quant.values) * quant.bytes;
    const from = dataStart + Number(offset);
    if (Number(offset) % alignment !== 0) fail(`tensor ${name} is not aligned to ${alignment} bytes`);
    if (from + bytes > size) {
      fail(`tensor ${name} needs bytes ${from} to ${from + bytes}, the file ends after ${size}`);
    }
    if (tensors.has(name)) fail(`two tensors are named ${name}`);
    tensors.set(name, { name, quant: quant, shape, at: from });
    ends.push({ name, from, to: from + bytes });
  }
  ends.sort((a, b) => a.from - b.from);
  for (const [i, t] of ends.entries()) {
    if (i > 0 && t.from < ends[i - 1]!.to) fail(`tensors ${ends[i - 1]!.name} and ${t.name} overlap`);
  }
  return tensors;
}
