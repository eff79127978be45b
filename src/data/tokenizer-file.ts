import { FormatError } from '../errors.ts';
import { isObject, type Json } from '../formats/index.ts';

/** Largest id that is believed; the vocabularies of published models end below 300,000. */
const MAX_ID = 1 << 24;
/** Deepest nesting of normalizers, pre-tokenizers and decoders. */
const MAX_DEPTH = 8;

/** A tokenizer.json that can be given to the library, and the number of ids. */
export interface CheckedTokenizer {
  file: Json;
  size: number;
}

/**
 * Checks a parsed tokenizer.json as far as the library trusts it: ids and merges, added tokens, the stages' shapes. Throws
 * FormatError naming what is wrong. What the library reads otherwise than the original does is put in words that both read alike:
 * `Digits` means all of Unicode's there, but only 0 to 9 here.
 */
export function checkTokenizer(file: Json, path: string): CheckedTokenizer {
  const fail = (what: string): never => {
    throw new FormatError(`${path} is not a tokenizer that can be read: ${what}.`);
  };
  const model = file.model;
  if (!isObject(model)) return fail('it has no model');
  const vocab = model.vocab;
  if (typeof vocab !== 'object' || vocab === null) {
    throw new FormatError(`${path} has no model.vocab. Give the tokenizer.json of a Hugging Face model.`);
  }
  const type = model.type ?? (Array.isArray(model.merges) ? 'BPE' : undefined); // old files leave it out
  let last: number;
  if (type === 'BPE' || type === 'WordPiece') {
    if (Array.isArray(vocab)) fail('model.vocab is a list');
    last = lastId(Object.values(vocab), 'model.vocab', fail);
    if (type === 'BPE') checkMerges(model.merges, fail);
    else if (typeof model.unk_token !== 'string') fail('model.unk_token is missing');
  } else if (type === 'Unigram') {
    if (!Array.isArray(vocab) || !vocab.every(isScored))
      return fail('model.vocab is no list of [text, score]');
    last = vocab.length - 1;
    const unknown = model.unk_id ?? null;
    if (unknown !== null && !isId(unknown, last)) fail(`model.unk_id is ${JSON.stringify(unknown)}`);
  } else {
    return fail(`model.type is ${JSON.stringify(type)}; BPE, Unigram and WordPiece are read`);
  }
  const added = file.added_tokens ?? [];
  if (!Array.isArray(added) || !added.every(isAdded))
    return fail('an entry of added_tokens has no id or content');
  last = Math.max(
    last,
    lastId(
      added.map((token) => token.id),
      'added_tokens',
      fail,
    ),
  );
  const stages = ['normalizer', 'pre_tokenizer', 'post_processor', 'decoder'].map((name) => {
    return [name, stage(file[name] ?? null, name, fail)] as const;
  });
  return {
    file: { ...file, added_tokens: added, model: { ...model, type }, ...Object.fromEntries(stages) },
    size: last + 1,
  };
}

const isId = (x: unknown, most = MAX_ID): x is number =>
  Number.isInteger(x) && (x as number) >= 0 && (x as number) <= most;

const isScored = (entry: unknown): boolean =>
  Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'number';

const isAdded = (token: unknown): token is { id: number; content: string } =>
  isObject(token) && isId(token.id) && typeof token.content === 'string' && token.content !== '';

function lastId(ids: readonly unknown[], what: string, fail: (what: string) => never): number {
  let last = -1;
  for (const id of ids) {
    if (!isId(id)) return fail(`${what} holds the id ${JSON.stringify(id)}`);
    if (id > last) last = id;
  }
  return last;
}

/** Merges are "left right" or [left, right], all in one way. */
function checkMerges(merges: unknown, fail: (what: string) => never): void {
  if (!Array.isArray(merges)) return fail('model.merges is no list');
  const pairs = Array.isArray(merges[0]);
  for (const merge of merges as unknown[]) {
    const parts: unknown[] = pairs && Array.isArray(merge) ? merge : String(merge).split(' ');
    const text = pairs ? Array.isArray(merge) : typeof merge === 'string';
    if (!text || parts.length !== 2 || !parts.every((p) => typeof p === 'string' && p !== '')) {
      fail(`model.merges holds ${JSON.stringify(merge)}`);
    }
  }
}

/** A stage or a sequence of them, checked and put in words that the library reads rightly. */
function stage(given: unknown, where: string, fail: (what: string) => never, depth = 0): Json | null {
  if (given === null) return null;
  if (!isObject(given) || typeof given.type !== 'string') return fail(`${where} has no type`);
  if (depth > MAX_DEPTH) return fail(`${where} is nested more than ${MAX_DEPTH} deep`);
  const { pattern } = given;
  if (pattern !== undefined) {
    const text = isObject(pattern) ? (pattern.Regex ?? pattern.String) : undefined;
    if (typeof text !== 'string' || text === '') fail(`${where}.pattern is ${JSON.stringify(pattern)}`);
  }
  if (given.type === 'FixedLength' && !(isId(given.length) && given.length > 0)) {
    fail(`${where}.length is ${JSON.stringify(given.length)}`);
  }
  if (given.type === 'Digits') {
    const digits = given.individual_digits === true ? '\\p{N}' : '\\p{N}+';
    return { type: 'Split', pattern: { Regex: digits }, behavior: 'Isolated', invert: false };
  }
  const inner = ['normalizers', 'pretokenizers', 'processors', 'decoders'].flatMap((list) => {
    const stages = given[list];
    if (stages === undefined) return [];
    if (!Array.isArray(stages)) return fail(`${where}.${list} is no list`);
    return [[list, stages.map((s, i) => stage(s, `${where}.${list}[${i}]`, fail, depth + 1))] as const];
  });
  return { ...given, ...Object.fromEntries(inner) };
}
