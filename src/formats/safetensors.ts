import { open, type FileHandle } from 'node:fs/promises';
import { FormatError } from '../errors.ts';
import { plain } from './codec.ts';
import { bytesOf, isDtype, isWeightDtype, type Dtype } from './dtype.ts';
import { readDecoded, readInto } from './ranged.ts';

/** Where one tensor lies in a safetensors file. */
export interface StoredTensor {
  name: string;
  dtype: Dtype;
  shape: number[];
  /** Byte range within the data section, [begin, end). */
  begin: number;
  end: number;
}

/** Longest header that is read, in bytes (the reference reader's limit). */
const MAX_HEADER = 100_000_000;

/**
 * An open safetensors file. The header is checked as strictly as the reference reader does: sizes within the file,
 * shapes that fit their bytes, tensors that cover the data section with no hole and no overlap.
 * Source of the rules: huggingface/safetensors, safetensors/src/tensor.rs.
 */
export class SafetensorsFile {
  private constructor(
    readonly path: string,
    readonly tensors: ReadonlyMap<string, StoredTensor>,
    readonly metadata: ReadonlyMap<string, string>,
    private readonly handle: FileHandle,
    private readonly dataStart: number,
  ) {}

  /** Opens and checks `path`. Throws FormatError and leaves no handle open when anything is off. */
  static async open(path: string): Promise<SafetensorsFile> {
    let handle: FileHandle;
    try {
      handle = await open(path, 'r');
    } catch (cause) {
      throw new FormatError(`Cannot open ${path}: ${reason(cause)}. Check the path and its permissions.`, {
        cause,
      });
    }
    try {
      const { size } = await handle.stat();
      const fail = (what: string): never => {
        throw new FormatError(
          `${path} is not a readable safetensors file: ${what}. Download or export it again.`,
        );
      };
      if (size < 8) fail(`it has ${size} bytes, fewer than the 8 of a header length`);
      const length = Number((await readBytes(handle, 0, 8, path)).readBigUInt64LE());
      if (length > MAX_HEADER) fail(`its header claims ${length} bytes, more than ${MAX_HEADER}`);
      if (8 + length > size) fail(`its header claims ${length} bytes but the file ends after ${size}`);
      const text = (await readBytes(handle, 8, length, path)).toString('utf8');
      if (!text.startsWith('{')) fail('its header does not start with "{"');
      let header: unknown;
      try {
        header = JSON.parse(text);
      } catch (cause) {
        fail(`its header is not JSON (${reason(cause)})`);
      }
      const { tensors, metadata } = readHeader(header as object, size - 8 - length, fail);
      return new SafetensorsFile(path, tensors, metadata, handle, 8 + length);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /**
   * Values of a weight (F32, F16 or BF16), widened to float32. Throws FormatError when `name` is not in the file or is of
   * another type.
   */
  async read(name: string): Promise<Float32Array> {
    const t = this.find(name);
    if (!isWeightDtype(t.dtype)) {
      throw new FormatError(
        `${this.path}: ${name} is ${t.dtype}; weights must be F32, F16 or BF16. Convert the file first.`,
      );
    }
    const count = (t.end - t.begin) / bytesOf[t.dtype];
    return readDecoded(this.handle, this.dataStart + t.begin, count, plain[t.dtype], this.path);
  }

  /** Values as stored: Float64Array for F64, otherwise as `read` gives them. */
  async readStored(name: string): Promise<Float32Array | Float64Array> {
    const t = this.find(name);
    if (t.dtype !== 'F64') return this.read(name);
    const values = new Float64Array((t.end - t.begin) / 8);
    await readInto(this.handle, this.dataStart + t.begin, new Uint8Array(values.buffer), this.path);
    return values;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private find(name: string): StoredTensor {
    const t = this.tensors.get(name);
    if (t) return t;
    const some = [...this.tensors.keys()].slice(0, 4).join(', ');
    throw new FormatError(
      `${this.path} has no tensor ${name}. It holds ${this.tensors.size}, such as ${some}.`,
    );
  }
}

function readHeader(header: object, dataBytes: number, fail: (what: string) => never) {
  const tensors = new Map<string, StoredTensor>();
  const metadata = new Map<string, string>();
  for (const [name, value] of Object.entries(header) as [string, unknown][]) {
    if (name === '__metadata__') {
      if (typeof value !== 'object' || value === null) fail('__metadata__ is not an object');
      for (const [k, v] of Object.entries(value)) {
        if (typeof v !== 'string') fail(`__metadata__.${k} is not a string`);
        metadata.set(k, v);
      }
      continue;
    }
    tensors.set(name, readEntry(name, value, dataBytes, fail));
  }
  let at = 0;
  for (const t of [...tensors.values()].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (t.begin !== at)
      fail(`tensor ${t.name} starts at byte ${t.begin} of the data, expected ${at} (hole or overlap)`);
    at = t.end;
  }
  if (at !== dataBytes) fail(`its tensors need ${at} bytes of data, the file holds ${dataBytes}`);
  return { tensors, metadata };
}

function readEntry(
  name: string,
  value: unknown,
  dataBytes: number,
  fail: (what: string) => never,
): StoredTensor {
  const e = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const { dtype, shape, data_offsets: offsets } = e;
  if (!isDtype(dtype)) return fail(`tensor ${name} has dtype ${JSON.stringify(dtype)}`);
  if (!isCounts(shape)) return fail(`tensor ${name} has shape ${JSON.stringify(shape)}`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    return fail(`tensor ${name} has data_offsets ${JSON.stringify(offsets)}`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > dataBytes)
    return fail(`tensor ${name} lies at ${begin}..${end} of ${dataBytes} data bytes`);
  const bytes = shape.reduce((n, d) => n * d, bytesOf[dtype]);
  if (bytes !== end - begin) {
    return fail(
      `tensor ${name} of shape [${shape.join(', ')}] and ${dtype} needs ${bytes} bytes, has ${end - begin}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

function isCounts(x: unknown): x is number[] {
  return Array.isArray(x) && x.length <= 16 && x.every((v) => Number.isSafeInteger(v) && (v as number) >= 0);
}

async function readBytes(handle: FileHandle, at: number, length: number, path: string): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  await readInto(handle, at, bytes, path);
  return bytes;
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
