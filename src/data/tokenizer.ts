import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { FormatError } from '../errors.ts';
import type { Tokenizer } from './task.ts';

type Json = Record<string, unknown>;

async function readJson(path: string): Promise<Json | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new FormatError(`Cannot read ${path}: ${(error as Error).message}`);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  } catch (error) {
    throw new FormatError(`${path} is not valid JSON (${(error as Error).message}). Fetch the file again.`);
  }
  throw new FormatError(`${path} holds no JSON object. Fetch the file again.`);
}

/** The token text of an entry of tokenizer_config.json, which is a string or `{ content }`. */
function tokenText(entry: unknown): string | undefined {
  if (typeof entry === 'string') return entry;
  if (typeof entry === 'object' && entry !== null && 'content' in entry) return tokenText(entry.content);
  return undefined;
}

/** The id of an entry of config.json, which is a number or a list of numbers. */
function tokenId(entry: unknown): number | undefined {
  const first: unknown = Array.isArray(entry) ? entry[0] : entry;
  return typeof first === 'number' ? first : undefined;
}

/** Number of ids: one more than the highest that a token has. */
function vocabularySize(file: Json, path: string): number {
  const model = file.model as Json | undefined;
  const vocab = model?.vocab;
  if (typeof vocab !== 'object' || vocab === null) {
    throw new FormatError(`${path} has no model.vocab. Give the tokenizer.json of a Hugging Face model.`);
  }
  const ids = Array.isArray(vocab) ? [vocab.length - 1] : Object.values(vocab as Record<string, number>);
  const added = Array.isArray(file.added_tokens)
    ? (file.added_tokens as { id: number }[]).map((t) => t.id)
    : [];
  return [...ids, ...added].reduce((most, id) => Math.max(most, id), -1) + 1;
}

/**
 * The tokenizer of a Hugging Face model folder (tokenizer.json; tokenizer_config.json and config.json name the end and
 * padding tokens). Adds no special tokens by itself; special tokens written in a text become their ids, and decode leaves
 * them out. Throws FormatError for files that are missing or broken, or when no end token is named.
 */
export async function loadTokenizer(dir: string): Promise<Tokenizer> {
  const path = join(dir, 'tokenizer.json');
  const file = await readJson(path);
  if (!file)
    throw new FormatError(
      `There is no ${path}. Give the folder of a Hugging Face model with a tokenizer.json.`,
    );
  const settings = (await readJson(join(dir, 'tokenizer_config.json'))) ?? {};
  const config = (await readJson(join(dir, 'config.json'))) ?? {};
  const size = vocabularySize(file, path);
  let inner: HubTokenizer;
  try {
    inner = new HubTokenizer(file, settings);
  } catch (error) {
    throw new FormatError(`${path} is not a tokenizer that can be read (${(error as Error).message}).`);
  }
  const named = (key: 'eos' | 'pad'): number | undefined => {
    const text = tokenText(settings[`${key}_token`]);
    return (text === undefined ? undefined : inner.token_to_id(text)) ?? tokenId(config[`${key}_token_id`]);
  };
  const eos = named('eos');
  if (eos === undefined) {
    throw new FormatError(
      `No end-of-sequence token for ${path}. Set eos_token in tokenizer_config.json or eos_token_id in config.json.`,
    );
  }
  return {
    size,
    eos,
    pad: named('pad') ?? eos,
    encode: (text) => inner.encode(text, { add_special_tokens: false }).ids,
    decode: (ids) => (ids.length === 0 ? '' : inner.decode([...ids], { skip_special_tokens: true })),
  };
}
