import { EngineError } from '../../../errors.ts';

const IMPORTS = 2;
const MEMORIES = 5;
const HAS_MAXIMUM = 1;
const SHARED = 3;

/**
 * A copy of a wasm module whose one memory, its own or imported, is declared shared between threads: a bit of the limits
 * (threads proposal, binary format). Nothing else changes, plain loads and stores run on shared memory as on any other.
 * @throws EngineError if the module has no memory with a maximum
 */
export function withSharedMemory(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = module.slice();
  const read = new Reader(bytes, 8); // after the magic number and the version
  while (read.at < bytes.length) {
    const section = read.byte();
    const end = read.number() + read.at;
    if (section === IMPORTS || section === MEMORIES) {
      const at = section === MEMORIES ? (read.number(), read.at) : memoryImport(read);
      if (at !== undefined) {
        if (bytes[at] !== HAS_MAXIMUM && bytes[at] !== SHARED) break;
        bytes[at] = SHARED;
        return bytes;
      }
    }
    read.at = end;
  }
  throw new EngineError(
    'A wasm module has no memory that could be shared: is it another version than 4.22.0?',
  );
}

/** Where the limits of the imported memory stand, if there is one. */
function memoryImport(read: Reader): number | undefined {
  for (let left = read.number(); left > 0; left--) {
    for (let part = 0; part < 2; part++) read.skip(read.number()); // its module and its name
    const kind = read.byte();
    if (kind === 2) return read.at;
    if (kind === 0)
      read.number(); // a function's type
    else if (kind === 3)
      read.skip(2); // a global's type
    else return undefined;
  }
  return undefined;
}

class Reader {
  constructor(
    private readonly bytes: Uint8Array,
    public at: number,
  ) {}

  skip(count: number): void {
    this.at += count;
  }

  byte(): number {
    return this.bytes[this.at++]!;
  }

  /** Unsigned LEB128. */
  number(): number {
    let [value, shift, byte] = [0, 0, 0];
    do {
      byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      shift += 7;
    } while (byte > 127);
    return value;
  }
}
