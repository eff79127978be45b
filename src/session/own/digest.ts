import { createHash, type Hash } from 'node:crypto';
import type { Tensor } from '@tensorflow/tfjs';
import { tf } from '../../engine/tf.ts';

/** SHA-256 of data: tensors with their shapes and values, arrays, plain objects and what JSON can write. */
export async function digestOf(data: unknown): Promise<string> {
  const hash = createHash('sha256');
  await add(hash, data);
  return hash.digest('hex');
}

async function add(hash: Hash, value: unknown): Promise<void> {
  if (value instanceof tf.Tensor) {
    const t = value as Tensor;
    hash.update(`tensor ${t.dtype} ${t.shape.join()}\n`);
    await add(hash, await t.data());
  } else if (ArrayBuffer.isView(value)) {
    hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  } else if (Array.isArray(value) && typeof value[0] === 'object') {
    hash.update(`list ${value.length}\n`);
    for (const item of value) await add(hash, item);
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [name, item] of Object.entries(value)) {
      hash.update(`member ${name}\n`);
      await add(hash, item);
    }
  } else {
    hash.update(`${JSON.stringify(value) ?? typeof value}\n`);
  }
}
