import { open } from 'node:fs/promises';
import { bytesOf, type WeightDtype } from './dtype.ts';
import { narrow } from './narrow.ts';

/** One tensor to write; `data` may be produced when its turn comes, so that only one is in host memory. */
export interface TensorToWrite {
  name: string;
  shape: readonly number[];
  data: Float32Array | (() => Promise<Float32Array>);
  /** Element type in the file; defaults to F32. */
  dtype?: WeightDtype;
}

/** Bytes of a tensor in the file. */
export function storedBytes({ shape, dtype = 'F32' }: TensorToWrite): number {
  return shape.reduce((n, d) => n * d, bytesOf[dtype]);
}

/** Tensors as the bytes of a safetensors file, in the given order. Throws ConfigError when a value does not fit its element type. */
export async function* safetensorsChunks(
  tensors: readonly TensorToWrite[],
  metadata: Record<string, string> = { format: 'pt' },
): AsyncGenerator<Uint8Array> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let at = 0;
  for (const t of tensors) {
    const bytes = storedBytes(t);
    header[t.name] = { dtype: t.dtype ?? 'F32', shape: [...t.shape], data_offsets: [at, at + bytes] };
    at += bytes;
  }
  let text = JSON.stringify(header);
  text += ' '.repeat((8 - (Buffer.byteLength(text) % 8)) % 8); // data aligned to 8 bytes
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
  yield length;
  yield Buffer.from(text);
  for (const t of tensors) {
    const data = typeof t.data === 'function' ? await t.data() : t.data;
    const expected = t.shape.reduce((n, d) => n * d, 1);
    if (data.length !== expected) {
      throw new RangeError(`${t.name}: ${data.length} values for shape [${t.shape.join(', ')}]`);
    }
    yield narrow(t.dtype ?? 'F32', data, t.name);
  }
}

/**
 * Writes tensors as a safetensors file and syncs it. A file that must never be seen torn goes into a folder of its own
 * instead (see atomic.ts).
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata?: Record<string, string>,
): Promise<void> {
  const file = await open(path, 'w');
  try {
    for await (const chunk of safetensorsChunks(tensors, metadata)) await file.writeFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}
