import { open, type FileHandle } from 'node:fs/promises';
import { FormatError } from '../errors.ts';
import { bytesOf, isDtype, widen, type Dtype } from './dtype.ts';

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
      const length = Number((await readExactly(handle, 0, 8, path)).readBigUInt64LE());
      if (length > MAX_HEADER) fail(`its header claims ${length} bytes, more than ${MAX_HEADER}`);
      if (8 + length > size) fail(`its header claims ${length} bytes but the file ends after ${size}`);
      const text = (await readExactly(handle, 8, length, path)).toString('utf8');
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

  /** Values of a tensor, widened to float32. Throws FormatError when `name` is not in the file. */
  async read(name: string): Promise<Float32Array> {
    const values = await this.readStored(name);
    return values instanceof Float32Array ? values : Float32Array.from(values);
  }

  /** Values as stored: Float64Array for F64, otherwise widened to Float32Array. */
  async readStored(name: string): Promise<Float32Array | Float64Array> {
    const t = this.tensors.get(name);
    if (!t) {
      const some = [...this.tensors.keys()].slice(0, 4).join(', ');
      throw new FormatError(
        `${this.path} has no tensor ${name}. It holds ${this.tensors.size}, such as ${some}.`,
      );
    }
    return widen(
      t.dtype,
      await readExactly(this.handle, this.dataStart + t.begin, t.end - t.begin, this.path),
    );
  }

  async close(): Promise<void> {
    await this.handle.close();
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

async function readExactly(handle: FileHandle, at: number, length: number, path: string): Promise<Buffer> {
  // A buffer of its own (not pooled), so that typed arrays can view it from offset 0.
  const buffer = Buffer.from(new ArrayBuffer(length));
  let got = 0;
  while (got < length) {
    // One read call moves at most 2 GiB.
    const { bytesRead } = await handle.read(buffer, got, Math.min(length - got, 1 << 30), at + got);
    if (bytesRead === 0)
      throw new FormatError(`${path} ended while reading ${length} bytes at ${at}. It is cut short.`);
    got += bytesRead;
  }
  return buffer;
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
