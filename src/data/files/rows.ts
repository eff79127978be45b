import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { FormatError } from '../../errors.ts';
import { csvRows } from './csv.ts';
import { jsonRows } from './json.ts';
import { parquetRows } from './parquet.ts';
import type { Row } from './row.ts';

/** Readers by the end of a file's name. */
const readers: Record<string, (bytes: Uint8Array, path: string) => Row[] | Promise<Row[]>> = {
  jsonl: (bytes, path) => jsonRows(text(bytes), path),
  ndjson: (bytes, path) => jsonRows(text(bytes), path),
  json: (bytes, path) => jsonRows(text(bytes), path),
  csv: (bytes, path) => csvRows(text(bytes), path, ','),
  tsv: (bytes, path) => csvRows(text(bytes), path, '\t'),
  parquet: parquetRows,
};

/** A file that unpacks to more than this is refused. */
const unpackedLimit = 2 ** 30;

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** The kind of a data file by its name, `.gz` aside; undefined for other files. */
export function dataFormat(path: string): string | undefined {
  const extension = /\.([a-z]+)(\.gz)?$/i.exec(path)?.[1]?.toLowerCase();
  return extension !== undefined && Object.hasOwn(readers, extension) ? extension : undefined;
}

/**
 * The rows of a data file: JSON lines, one JSON list, CSV or TSV with a header, or parquet, each of them also gzipped.
 * Throws FormatError, with the line or row, for a file that is missing, of another kind, or broken.
 */
export async function readRows(path: string): Promise<Row[]> {
  const format = dataFormat(path);
  if (!format) {
    throw new FormatError(
      `${path} is no data file by its name. Give one that ends in ${Object.keys(readers).join(', ')}, or in these with .gz.`,
    );
  }
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const message = missing
      ? `There is no data file ${path}.`
      : `Cannot read ${path}: ${(cause as Error).message}`;
    throw new FormatError(message, { cause });
  }
  return readers[format]!(await unpacked(bytes, path), path);
}

async function unpacked(bytes: Uint8Array, path: string): Promise<Uint8Array> {
  if (!/\.gz$/i.test(path)) return bytes;
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: unpackedLimit });
  } catch (cause) {
    throw new FormatError(`${path} cannot be unpacked (${(cause as Error).message}). Fetch it again.`, {
      cause,
    });
  }
}
