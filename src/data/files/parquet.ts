import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { FormatError } from '../../errors.ts';
import type { Row } from './row.ts';

/** Integers of 64 bits come as BigInt; those that a number holds become one. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  }
  return value;
}

/** The rows of a parquet file, whatever it is compressed with. */
export async function parquetRows(bytes: Uint8Array, path: string): Promise<Row[]> {
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  let rows: Record<string, unknown>[];
  try {
    rows = await parquetReadObjects({ file: buffer, compressors });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(`${path} cannot be read as parquet (${why}). Fetch it again.`, { cause });
  }
  return rows.map((row, i) => ({
    where: `${path}, row ${i + 1}`,
    fields: plain(row) as Record<string, unknown>,
  }));
}
