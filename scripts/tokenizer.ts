import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { document } from '../src/data/world/index.ts';
import { learnMerges, type Merge } from './bpe.ts';

/**
 * Trains the tiny model's tokenizer (byte-level BPE, single digits) on text of the world and writes tokenizer.json and
 * tokenizer_config.json: `tsx scripts/tokenizer.ts [folder] [size] [documents] [seed]`. Equal arguments, equal files.
 */
const folder = process.argv[2] ?? 'models/tiny';
const [size, documents, seed] = [1024, 20_000, 0].map((value, i) => Number(process.argv[3 + i] ?? value)) as [
  number,
  number,
  number,
];
const special = ['<pad>', '<eos>', '<bos>'];

/** The 256 characters that stand for bytes in byte-level BPE: printable bytes are themselves, others follow U+0100. */
function byteAlphabet(): string[] {
  const printable = (b: number): boolean => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, b) => String.fromCharCode(printable(b) ? b : next++));
}

function tokenizerFile(merges: readonly Merge[]): object {
  const symbols = [...special, ...byteAlphabet().sort(), ...merges.map((pair) => pair.join(''))];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Digits', individual_digits: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(symbols.map((symbol, id) => [symbol, id])),
      merges,
    },
  };
}

const config = {
  tokenizer_class: 'PreTrainedTokenizerFast',
  pad_token: '<pad>',
  eos_token: '<eos>',
  bos_token: '<bos>',
  clean_up_tokenization_spaces: false,
  model_max_length: 256,
};

const splitter = new Tokenizer(tokenizerFile([]), config).pre_tokenizer!;
const words = new Map<string, number>();
for (let i = 0; i < documents; i++) {
  for (const word of splitter.pre_tokenize_text(document(seed, i)))
    words.set(word, (words.get(word) ?? 0) + 1);
}
const merges = learnMerges(words, size - special.length - 256);
await mkdir(folder, { recursive: true });
await writeFile(join(folder, 'tokenizer.json'), `${JSON.stringify(tokenizerFile(merges), null, 1)}\n`);
await writeFile(join(folder, 'tokenizer_config.json'), `${JSON.stringify(config, null, 2)}\n`);
console.log(`${folder}: ${special.length + 256 + merges.length} tokens from ${words.size} different words.`);
