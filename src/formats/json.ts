import { readFile } from 'node:fs/promises';
import { FormatError } from '../errors.ts';

export type Json = Record<string, unknown>;

/** The JSON object in a file, or undefined when there is no such file. Throws FormatError when it holds anything else. */
export async function readJson(path: string): Promise<Json | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new FormatError(`Cannot read ${path}: ${(error as Error).message}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FormatError(`${path} is not valid JSON (${(error as Error).message}). Fetch the file again.`);
  }
  if (isObject(value)) return value;
  throw new FormatError(`${path} holds no JSON object. Fetch the file again.`);
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
