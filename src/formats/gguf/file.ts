import { open, type FileHandle } from 'node:fs/promises';
import { FormatError } from '../../errors.ts';
import { readDecoded } from '../ranged.ts';
import { readHeader, type GgufHeader, type GgufTensor } from './header.ts';
import type { MetadataValue } from './parse.ts';
import { readable } from './quants.ts';

/** An open GGUF file under its own tensor names. */
export class GgufFile {
  readonly path: string;
  readonly metadata: ReadonlyMap<string, MetadataValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
  readonly #handle: FileHandle;

  private constructor(path: string, header: GgufHeader, handle: FileHandle) {
    this.path = path;
    this.metadata = header.metadata;
    this.tensors = header.tensors;
    this.#handle = handle;
  }

  /** Opens and checks `path`. Throws FormatError and leaves no handle open when anything is off. */
  static async open(path: string): Promise<GgufFile> {
    let handle: FileHandle;
    try {
      handle = await open(path, 'r');
    } catch (cause) {
      throw new FormatError(`Cannot open ${path}: ${(cause as Error).message}. Check the path.`, { cause });
    }
    try {
      return new GgufFile(path, await readHeader(handle, path), handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Values of a tensor, row-major, dequantized to float32. Throws FormatError for an element type that is not read. */
  read({ name, quant, shape, at }: GgufTensor): Promise<Float32Array> {
    if (!quant.codec) {
      throw new FormatError(
        `${this.path}: ${name} is ${quant.name}. Read are ${readable.join(', ')}; take a file of one of these.`,
      );
    }
    const count = shape.reduce((n, d) => n * d, 1);
    return readDecoded(this.#handle, at, count, quant.codec, this.path);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
