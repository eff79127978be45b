import { FormatError } from '../../errors.ts';
import type { Json } from '../json.ts';
import type { Fields } from './fields.ts';
import { preRule } from './pre-rules.ts';
import { mergesOf } from './spm-merges.ts';

/** tokenizer.json and tokenizer_config.json that a GGUF file's metadata stands for. */
export interface GgufTokenizer {
  tokenizer: Json;
  settings: Json;
  warnings: string[];
}

/** Token types (llama.h, enum llama_token_type). */
const NORMAL = 1;
const CONTROL = 3;
const USER_DEFINED = 4;

/**
 * Builds the tokenizer of a GGUF file for the same library that reads tokenizer.json: byte-level BPE for `gpt2` (cut by the rule of
 * `tokenizer.ggml.pre`), BPE with byte fallback for `llama` (SentencePiece). Throws FormatError for any other kind.
 */
export function tokenizerOf(field: Fields, path: string): GgufTokenizer {
  const kind = field.text('tokenizer.ggml.model');
  if (kind !== 'gpt2' && kind !== 'llama') {
    throw new FormatError(
      `${path}: tokenizer ${JSON.stringify(kind)} is not supported. Supported: gpt2, llama. Give the model's Hugging Face folder.`,
    );
  }
  const tokens = field.texts('tokenizer.ggml.tokens');
  const vocab = new Map(tokens.map((text, id) => [text, id]));
  if (vocab.size !== tokens.length || tokens.length === 0) {
    throw new FormatError(`${path}: tokenizer.ggml.tokens is empty or holds a token twice.`);
  }
  const types = field.numbers(
    'tokenizer.ggml.token_type',
    tokens.map(() => 1),
  );
  const added = tokens.flatMap((content, id) => {
    const special = types[id] === CONTROL;
    if (!special && types[id] !== USER_DEFINED) return [];
    const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
    return [{ id, content, ...plain, special }];
  });
  const made = kind === 'gpt2' ? byteLevel(field, vocab, path) : sentencePiece(field, tokens, vocab, types);
  const token = (name: string) => field.token(name, tokens.length);
  const [bos, eos, pad, unknown] = ['bos', 'eos', 'padding', 'unknown'].map(token);
  const begin = bos !== undefined && field.flag('tokenizer.ggml.add_bos_token', made.addBos) ? [bos] : [];
  const end = eos !== undefined && field.flag('tokenizer.ggml.add_eos_token', false) ? [eos] : [];
  const named = { bos_token: bos, eos_token: eos, pad_token: pad, unk_token: unknown };
  return {
    tokenizer: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: added,
      ...made.stages,
      post_processor: template(tokens, begin, end),
      model: { type: 'BPE', dropout: null, ...made.model, vocab: Object.fromEntries(vocab) },
    },
    settings: {
      tokenizer_class: 'PreTrainedTokenizerFast',
      clean_up_tokenization_spaces: false,
      ...Object.fromEntries(
        Object.entries(named).flatMap(([name, id]) => (id === undefined ? [] : [[name, tokens[id]]])),
      ),
      ...(field.has('tokenizer.chat_template') && { chat_template: field.text('tokenizer.chat_template') }),
    },
    warnings: made.warnings,
  };
}

interface Made {
  stages: { normalizer: Json | null; pre_tokenizer: Json | null; decoder: Json };
  model: Json;
  addBos: boolean;
  warnings: string[];
}

function byteLevel(field: Fields, vocab: ReadonlyMap<string, number>, path: string): Made {
  const name = field.has('tokenizer.ggml.pre') ? field.text('tokenizer.ggml.pre') : undefined;
  const { rule, warning } = preRule(name, path);
  const merges = field.texts('tokenizer.ggml.merges');
  for (const merge of merges) {
    const [left, right, more] = merge.split(' ');
    if (right === undefined || more !== undefined || !vocab.has(left! + right)) {
      throw new FormatError(
        `${path}: ${JSON.stringify(merge)} in tokenizer.ggml.merges joins no two tokens.`,
      );
    }
  }
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  const splits = rule.splits.map((expression) => {
    return { type: 'Split', pattern: { Regex: expression }, behavior: 'Isolated', invert: false };
  });
  return {
    stages: {
      normalizer: null,
      pre_tokenizer: { type: 'Sequence', pretokenizers: [...splits, bytes] },
      decoder: { ...bytes, add_prefix_space: true, use_regex: true },
    },
    model: {
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: rule.ignoreMerges ?? false,
      merges,
    },
    addBos: rule.addBos ?? false,
    warnings: warning === undefined ? [] : [warning],
  };
}

/** SentencePiece's BPE: spaces are written as U+2581, one is put before the text, unknown characters become bytes. */
function sentencePiece(
  field: Fields,
  tokens: readonly string[],
  vocab: ReadonlyMap<string, number>,
  types: readonly number[],
): Made {
  const space = field.flag('tokenizer.ggml.add_space_prefix', true);
  const scores = field.numbers('tokenizer.ggml.scores');
  const mark = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
  const unmark = { type: 'Replace', pattern: { String: '▁' }, content: ' ' };
  const unknown = field.token('unknown', tokens.length);
  return {
    stages: {
      normalizer: {
        type: 'Sequence',
        normalizers: [...(space ? [{ type: 'Prepend', prepend: '▁' }] : []), mark],
      },
      pre_tokenizer: null,
      decoder: {
        type: 'Sequence',
        decoders: [
          unmark,
          { type: 'ByteFallback' },
          { type: 'Fuse' },
          ...(space ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
        ],
      },
    },
    model: {
      unk_token: unknown === undefined ? null : tokens[unknown],
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      merges: mergesOf(tokens, vocab, scores, (token) => types[token] === NORMAL),
    },
    addBos: true,
    warnings: [],
  };
}

function template(tokens: readonly string[], begin: readonly number[], end: readonly number[]): Json {
  const special = (id: number) => ({ SpecialToken: { id: tokens[id], type_id: 0 } });
  const sequence = (id: 'A' | 'B', type: number) => ({ Sequence: { id, type_id: type } });
  const around = (...inner: Json[]) => [...begin.map(special), ...inner, ...end.map(special)];
  return {
    type: 'TemplateProcessing',
    single: around(sequence('A', 0)),
    pair: around(sequence('A', 0), sequence('B', 1)),
    special_tokens: Object.fromEntries(
      [...begin, ...end].map((id) => [tokens[id], { id: tokens[id], ids: [id], tokens: [tokens[id]] }]),
    ),
  };
}
