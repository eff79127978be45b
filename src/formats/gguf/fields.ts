import { FormatError } from '../../errors.ts';
import type { MetadataValue } from './parse.ts';

/** Typed look-ups in a GGUF file's metadata; each throws FormatError naming the key when the value is not of its kind. */
export function fields(metadata: ReadonlyMap<string, MetadataValue>, path: string) {
  const get = <T>(key: string, ok: (x: unknown) => x is T, kind: string, fallback?: T): T => {
    const value = metadata.get(key) ?? fallback;
    if (ok(value)) return value;
    const given = value === undefined ? 'missing' : JSON.stringify(value).slice(0, 60);
    throw new FormatError(`${path}: ${key} is ${given}, expected ${kind}.`);
  };
  return {
    has: (key: string) => metadata.has(key),
    count: (key: string, fallback?: number) => get(key, isCount, 'a positive whole number', fallback),
    positive: (key: string, fallback?: number) => get(key, isPositive, 'a positive number', fallback),
    text: (key: string, fallback?: string) => get(key, isText, 'text', fallback),
    flag: (key: string, fallback: boolean) => get(key, isFlag, 'true or false', fallback),
    texts: (key: string) => get(key, isTexts, 'a list of texts'),
    numbers: (key: string, fallback?: number[]) => get(key, isNumbers, 'a list of numbers', fallback),
    /** A token's id, or undefined where the file names none. */
    token: (name: string, size: number): number | undefined => {
      const key = `tokenizer.ggml.${name}_token_id`;
      if (!metadata.has(key)) return undefined;
      return get(key, (x): x is number => isId(x) && x < size, `a token id below ${size}`);
    },
  };
}

export type Fields = ReturnType<typeof fields>;

const isId = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;
const isCount = (x: unknown): x is number => isId(x) && x > 0;
const isPositive = (x: unknown): x is number => typeof x === 'number' && Number.isFinite(x) && x > 0;
const isText = (x: unknown): x is string => typeof x === 'string';
const isFlag = (x: unknown): x is boolean => typeof x === 'boolean';
const isTexts = (x: unknown): x is string[] => Array.isArray(x) && x.every(isText);
const isNumbers = (x: unknown): x is number[] => Array.isArray(x) && x.every((v) => typeof v === 'number');
