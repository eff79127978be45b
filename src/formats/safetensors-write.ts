import { open } from 'node:fs/promises';

/** One tensor to write; `data` may be produced when its turn comes, so that only one is in host memory. */
export interface TensorToWrite {
  name: string;
  shape: readonly number[];
  data: Float32Array | (() => Promise<Float32Array>);
}

/**
 * Writes float32 tensors as safetensors, in the given order, and syncs the file.
 * The caller writes into a folder of its own and renames it (see atomic.ts), so that no torn file is ever seen.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Record<string, string> = { format: 'pt' },
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let at = 0;
  for (const { name, shape } of tensors) {
    const bytes = 4 * shape.reduce((n, d) => n * d, 1);
    header[name] = { dtype: 'F32', shape: [...shape], data_offsets: [at, at + bytes] };
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
      await file.writeFile(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
    await file.sync();
  } finally {
    await file.close();
  }
}
