import type { FileHandle } from 'node:fs/promises';
import { FormatError } from '../../errors.ts';
import { readInto } from '../ranged.ts';
import { CutShort, Malformed, parseHeader, type MetadataValue, type ParsedHeader } from './parse.ts';
import { quantNamed, type Quant } from './quants.ts';

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

/** Bytes that are read at first; most headers are shorter. */
const FIRST_READ = 4 << 20;
/** Longest header that is read; the largest vocabularies take about 20 MB. */
const MAX_HEADER = 64 << 20;

/**
 * Reads and checks the header of an open GGUF file: known element types, whole blocks, aligned tensors that lie inside the file and
 * apart from each other. Throws FormatError otherwise.
 */
export async function readHeader(handle: FileHandle, path: string): Promise<GgufHeader> {
  const fail = (what: string): never => {
    throw new FormatError(`${path} is not a readable GGUF file: ${what}. Download or convert it again.`);
  };
  const { size } = await handle.stat();
  const parsed = await parseFile(handle, size, path, fail);
  return { metadata: parsed.metadata, tensors: placed(parsed, size, fail) };
}

/** Parses the start of the file, and twice as much of it as long as that is too little. */
async function parseFile(
  handle: FileHandle,
  size: number,
  path: string,
  fail: (what: string) => never,
): Promise<ParsedHeader> {
  for (let length = Math.min(size, FIRST_READ); ; length = Math.min(size, 2 * length)) {
    const bytes = Buffer.allocUnsafe(length);
    await readInto(handle, 0, bytes, path);
    try {
      return parseHeader(bytes);
    } catch (error) {
      if (error instanceof Malformed) fail(error.message);
      if (!(error instanceof CutShort)) throw error;
      if (length === size) fail(`its header goes on behind its end, after ${size} bytes`);
      if (length >= MAX_HEADER) fail(`its header is longer than ${MAX_HEADER} bytes`);
    }
  }
}

/** The tensors with their bytes in the file. */
function placed(
  { metadata, tensors: listed, end }: ParsedHeader,
  size: number,
  fail: (what: string) => never,
): Map<string, GgufTensor> {
  const alignment = metadata.get('general.alignment') ?? 32;
  if (typeof alignment !== 'number' || alignment < 1 || alignment > 1 << 16 || alignment & (alignment - 1)) {
    return fail(`general.alignment is ${JSON.stringify(alignment)}, which is no power of two up to 65536`);
  }
  const dataStart = Math.ceil(end / alignment) * alignment;
  const tensors = new Map<string, GgufTensor>();
  const spans: { name: string; from: number; to: number }[] = [];
  for (const { name, dimensions, type, offset } of listed) {
    const quant = quantNamed(type) ?? fail(`tensor ${name} has the unknown element type ${type}`);
    const row = dimensions[0] ?? 1;
    if (row % quant.values !== 0) {
      fail(`rows of tensor ${name} have ${row} values, no multiple of ${quant.name}'s ${quant.values}`);
    }
    const bytes = dimensions.reduce((n, d) => n * d, 1 / quant.values) * quant.bytes;
    const from = dataStart + offset;
    if (offset % alignment !== 0) fail(`tensor ${name} is not aligned to ${alignment} bytes`);
    if (from + bytes > size) {
      fail(`tensor ${name} needs bytes ${from} to ${from + bytes}, the file ends after ${size}`);
    }
    tensors.set(name, { name, quant, shape: [...dimensions].reverse(), at: from });
    spans.push({ name, from, to: from + bytes });
  }
  spans.sort((a, b) => a.from - b.from);
  for (const [i, t] of spans.entries()) {
    if (i > 0 && t.from < spans[i - 1]!.to) fail(`tensors ${spans[i - 1]!.name} and ${t.name} overlap`);
  }
  return tensors;
}
