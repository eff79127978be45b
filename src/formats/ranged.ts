import type { FileHandle } from 'node:fs/promises';
import { FormatError } from '../errors.ts';
import type { Codec } from './codec.ts';

/** Bytes that are read at a time: beside the result, no more than this is held. */
const SLICE = 4 << 20;

/** Fills `into` from byte `at` of the file. Throws FormatError when the file ends before. */
export async function readInto(
  handle: FileHandle,
  at: number,
  into: Uint8Array,
  path: string,
): Promise<void> {
  let got = 0;
  while (got < into.byteLength) {
    // One read call moves at most 2 GiB.
    const { bytesRead } = await handle.read(into, got, Math.min(into.byteLength - got, 1 << 30), at + got);
    if (bytesRead === 0) {
      throw new FormatError(
        `${path} ended while reading ${into.byteLength} bytes at ${at}. It is cut short.`,
      );
    }
    got += bytesRead;
  }
}

/** `count` values from byte `at` on, decoded to float32 slice by slice. `count` is a whole number of blocks. */
export async function readDecoded(
  handle: FileHandle,
  at: number,
  count: number,
  codec: Codec,
  path: string,
): Promise<Float32Array> {
  const out = new Float32Array(count);
  const blocks = Math.max(1, Math.floor(SLICE / codec.bytes));
  const slice = Buffer.from(new ArrayBuffer(Math.min(blocks, count / codec.values) * codec.bytes));
  for (let done = 0; done < count; done += blocks * codec.values) {
    const target = out.subarray(done, done + blocks * codec.values);
    const bytes = slice.subarray(0, (target.length / codec.values) * codec.bytes);
    await readInto(handle, at + (done / codec.values) * codec.bytes, bytes, path);
    codec.decode(bytes, target);
  }
  return out;
}
