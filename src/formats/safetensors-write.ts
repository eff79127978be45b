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

/**
 * Writes tensors as safetensors, in the given order, and syncs the file. Throws ConfigError when a value does not fit its
 * element type. The caller writes into a folder of its own and renames it (see atomic.ts), so that no torn file is ever seen.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Record<string, string> = { format: 'pt' },
): Promise<void> {
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
  const file = await open(path, 'w');
  try {
    await file.writeFile(length);
    await file.writeFile(text);
    for (const t of tensors) {
      const data = typeof t.data === 'function' ? await t.data() : t.data;
      const expected = t.shape.reduce((n, d) => n * d, 1);
      if (data.length !== expected) {
        throw new RangeError(`${t.name}: ${data.length} values for shape [${t.shape.join(', ')}]`);
      }
      await file.writeFile(narrow(t.dtype ?? 'F32', data, t.name));
    }
    await file.sync();
  } finally {
    await file.close();
  }
}
