import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../src/data/index.ts';
import { FormatError } from '../../src/errors.ts';
import { fields } from '../../src/formats/gguf/fields.ts';
import type { MetadataValue } from '../../src/formats/gguf/parse.ts';
import { tokenizerOf } from '../../src/formats/gguf/tokenizer.ts';
import { readJson } from '../goldens.ts';

const goldens = join('test', 'goldens', 'gguf');
const byteLevel: Record<string, MetadataValue> = {
  'tokenizer.ggml.model': 'gpt2',
  'tokenizer.ggml.pre': 'gpt-2',
  'tokenizer.ggml.tokens': ['a', 'b', 'ab', '<s>', '</s>', '<tool>'],
  'tokenizer.ggml.token_type': [1, 1, 1, 3, 3, 4],
  'tokenizer.ggml.merges': ['a b'],
  'tokenizer.ggml.bos_token_id': 3,
  'tokenizer.ggml.eos_token_id': 4,
};
const made = (change: Record<string, MetadataValue> = {}) =>
  tokenizerOf(fields(new Map(Object.entries({ ...byteLevel, ...change })), 'x.gguf'), 'x.gguf');
const loaded = (change?: Record<string, MetadataValue>) =>
  loadTokenizer({ path: 'x.gguf', config: {}, ...made(change) });

describe('pre-tokenizer rules', () => {
  const { texts, pieces } = readJson<{ texts: string[]; pieces: Record<string, string[][]> }>(
    goldens,
    'pre-rules.json',
  );

  it.each(Object.entries(pieces))('%s cuts as the tokenizers library does', (rule, want) => {
    const { tokenizer, settings } = made({ 'tokenizer.ggml.pre': rule });
    const cut = new HubTokenizer(tokenizer, settings).pre_tokenizer!;
    texts.forEach((text, i) => expect(cut.pre_tokenize(text), text).toEqual(want[i]));
  });

  it('warns of a rule that is not known, or none, and takes the default', () => {
    const known = made({ 'tokenizer.ggml.pre': 'default' });
    expect(known.warnings).toEqual([]);
    const unknown = made({ 'tokenizer.ggml.pre': 'martian' });
    expect(unknown.warnings).toEqual([
      expect.stringMatching(/x\.gguf names the rule "martian", which is not known/),
    ]);
    expect(unknown.tokenizer).toEqual(known.tokenizer);
  });
});

describe('tokenizerOf', () => {
  it('makes special tokens, a beginning where the file or the rule asks for it', async () => {
    const plain = await loaded();
    expect(plain.encode('ab<s>b<tool>')).toEqual([2, 3, 1, 5]);
    expect(plain.decode([3, 2, 5, 4])).toBe('ab<tool>');
    expect([plain.size, plain.bos, plain.eos, plain.pad, plain.prefix]).toEqual([6, 3, 4, 4, []]);
    expect((await loaded({ 'tokenizer.ggml.add_bos_token': true })).prefix).toEqual([3]);
    expect((await loaded({ 'tokenizer.ggml.pre': 'llama-bpe' })).prefix).toEqual([3]);
    const told = { 'tokenizer.ggml.pre': 'llama-bpe', 'tokenizer.ggml.add_bos_token': false };
    expect((await loaded(told)).prefix).toEqual([]);
    expect((await loaded({ 'tokenizer.ggml.padding_token_id': 3 })).pad).toBe(3);
  });

  it.each([
    [{ 'tokenizer.ggml.model': 'bert' }, /tokenizer "bert" is not supported/],
    [{ 'tokenizer.ggml.tokens': ['a', 'a'] }, /holds a token twice/],
    [{ 'tokenizer.ggml.tokens': 7 }, /tokens is 7, expected a list of texts/],
    [{ 'tokenizer.ggml.merges': ['a c'] }, /"a c" in tokenizer\.ggml\.merges joins no two tokens/],
    [{ 'tokenizer.ggml.eos_token_id': 6 }, /eos_token_id is 6, expected a token id below 6/],
    [{ 'tokenizer.ggml.model': 'llama' }, /scores is missing/],
  ])('refuses %j', (change, message) => {
    expect(() => made(change as Record<string, MetadataValue>)).toThrow(FormatError);
    expect(() => made(change as Record<string, MetadataValue>)).toThrow(message);
  });

  it('gives the ids of SentencePiece for one of its models', async () => {
    const golden = readJson<{ bos: number; rows: { text: string; ids: number[]; decode: string }[] }>(
      goldens,
      'spm.json',
    );
    const tokenizer = await loadTokenizer(join(goldens, 'spm.gguf'));
    expect(tokenizer.prefix).toEqual([golden.bos]);
    for (const { text, ids, decode } of golden.rows) {
      expect(tokenizer.encode(text), text).toEqual(ids);
      // the library's ByteFallback decoder drops a byte-order mark at the start
      expect(tokenizer.decode(ids), text).toBe(decode.replace(/^\ufeff/, ''));
    }
  });
});
