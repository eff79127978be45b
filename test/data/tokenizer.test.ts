import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ChatMessage, Tokenizer } from '../../src/data/task.ts';
import { loadTokenizer, type ModelTokenizer } from '../../src/data/tokenizer.ts';
import { document } from '../../src/data/world/index.ts';
import { FormatError } from '../../src/errors.ts';
import { fields } from '../../src/formats/gguf/fields.ts';
import { GgufFile } from '../../src/formats/gguf/file.ts';
import { tokenizerOf } from '../../src/formats/gguf/tokenizer.ts';
import { readJson } from '../goldens.ts';
import { smollm2 } from '../smollm2.ts';

describe('the tiny tokenizer', () => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await loadTokenizer('models/tiny');
  });

  it('has at most 1024 tokens, padding 0 and end 1', () => {
    expect(tokenizer.size).toBeGreaterThanOrEqual(768);
    expect(tokenizer.size).toBeLessThanOrEqual(1024);
    expect([tokenizer.pad, tokenizer.eos]).toEqual([0, 1]);
  });

  it('gives back any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        fc.pre(!/<(pad|eos|bos)>/.test(text));
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  it('gives back the text of the world', () => {
    for (let i = 0; i < 300; i++)
      expect(tokenizer.decode(tokenizer.encode(document(9, i)))).toBe(document(9, i));
  });

  it('splits numbers into digits', () => {
    fc.assert(
      fc.property(fc.nat(), (n) => {
        expect(tokenizer.encode(`${n}`).map((id) => tokenizer.decode([id]))).toEqual([...`${n}`]);
      }),
    );
  });

  it('leaves special tokens out of decoded text', () => {
    expect(tokenizer.decode([tokenizer.pad, ...tokenizer.encode('Mia'), tokenizer.eos])).toBe('Mia');
    expect(tokenizer.decode([])).toBe('');
  });
});

describe('loadTokenizer', () => {
  const folder = (): Promise<string> => mkdtemp(join(tmpdir(), 'tokenizer-'));

  it('says which file is missing or broken', async () => {
    const dir = await folder();
    await expect(loadTokenizer(dir)).rejects.toThrow(FormatError);
    await expect(loadTokenizer(dir)).rejects.toThrow(/There is no .*tokenizer\.json/);
    const whole = await readFile('models/tiny/tokenizer.json', 'utf8');
    const { model, ...rest } = JSON.parse(whole) as { model: object };
    const broken = (change: object) => JSON.stringify({ model, ...rest, ...change });
    for (const [text, message] of [
      [whole.slice(0, 5000), /not valid JSON/],
      ['[]', /no JSON object/],
      ['{"model": {}}', /no model\.vocab/],
      ['{"model": {"vocab": {"a": 0}, "type": "Nonsense"}}', /model\.type is "Nonsense"/],
      [broken({ added_tokens: [{ id: -1, content: 'a' }] }), /an entry of added_tokens/],
      [broken({ model: { ...model, vocab: { a: 1e9 } } }), /model\.vocab holds the id 1000000000/],
      [broken({ model: { ...model, merges: ['a b c'] } }), /model\.merges holds "a b c"/],
      [broken({ pre_tokenizer: { type: 'FixedLength', length: 0 } }), /pre_tokenizer\.length is 0/],
      [broken({ pre_tokenizer: { type: 'Split', pattern: {} } }), /pre_tokenizer\.pattern is \{\}/],
      [broken({ decoder: { type: 'Sequence', decoders: [{}] } }), /decoder\.decoders\[0\] has no type/],
      [broken({ normalizer: { type: 'Rot13' } }), /Unknown Normalizer type: Rot13/],
    ] as const) {
      await writeFile(join(dir, 'tokenizer.json'), text);
      await expect(loadTokenizer(dir)).rejects.toThrow(FormatError);
      await expect(loadTokenizer(dir)).rejects.toThrow(message);
    }
  });

  it('splits all digits of Unicode off where tokenizer.json says Digits', async () => {
    const dir = await folder();
    await cp('models/tiny', dir, { recursive: true });
    const file = JSON.parse(await readFile(join(dir, 'tokenizer.json'), 'utf8')) as object;
    const bytes = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };
    const ids = async (digits: object) => {
      const pre_tokenizer = { type: 'Sequence', pretokenizers: [digits, bytes] };
      await writeFile(join(dir, 'tokenizer.json'), JSON.stringify({ ...file, pre_tokenizer }));
      return (await loadTokenizer(dir)).encode('a\u0663\u0664 12 b\u00b2');
    };
    const split = { type: 'Split', pattern: { Regex: '\\p{N}' }, behavior: 'Isolated', invert: false };
    expect(await ids({ type: 'Digits', individual_digits: true })).toEqual(await ids(split));
  });

  it('needs an end token, from tokenizer_config.json or config.json', async () => {
    const dir = await folder();
    await cp('models/tiny/tokenizer.json', join(dir, 'tokenizer.json'));
    await expect(loadTokenizer(dir)).rejects.toThrow(/No end-of-sequence token/);
    await writeFile(join(dir, 'config.json'), '{"eos_token_id": [2, 1]}');
    const tokenizer = await loadTokenizer(dir);
    expect([tokenizer.eos, tokenizer.pad]).toEqual([2, 2]);
    expect(tokenizer.warnings).toEqual([expect.stringMatching(/no padding token; the end token \(2\) pads/)]);
    await writeFile(
      join(dir, 'tokenizer_config.json'),
      '{"eos_token": {"content": "<eos>"}, "pad_token": "<pad>"}',
    );
    const named = await loadTokenizer(dir);
    expect([named.eos, named.pad]).toEqual([1, 0]);
  });
});

interface Golden {
  vocab_size: number;
  bos: [string, number];
  eos: [string, number];
  pad: [string, number];
  encode: {
    text: string;
    ids_no_special: number[];
    ids_digits_split: number[];
    decode_skip_special: string;
  }[];
  decode_fragments: { ids: number[]; decode: string }[];
  chat: { messages: ChatMessage[]; add_generation_prompt: boolean; text: string; ids: number[] }[];
}

describe.skipIf(!smollm2)('SmolLM2 (skipped without its folder, its .gguf and its reference values)', () => {
  const golden = smollm2 && readJson<Golden>(smollm2.goldens, 'smollm2.json');

  async function fromGguf(rule?: string): Promise<ModelTokenizer> {
    const file = await GgufFile.open(smollm2!.gguf);
    await file.close();
    const metadata = new Map(file.metadata);
    if (rule !== undefined) metadata.set('tokenizer.ggml.pre', rule);
    const made = tokenizerOf(fields(metadata, file.path), file.path);
    const template = made.settings.chat_template as string;
    return loadTokenizer({ path: file.path, config: {}, template, ...made });
  }

  // the folder's tokenizer.json cuts by the GPT-2 rule, the file's own rule splits digits off first
  it.each([
    ['the Hugging Face folder', 'ids_no_special', () => loadTokenizer(smollm2!.hf)],
    ['the GGUF file', 'ids_digits_split', () => loadTokenizer(smollm2!.gguf)],
    ['the GGUF file under the GPT-2 rule', 'ids_no_special', () => fromGguf('gpt-2')],
  ] as const)('%s gives the ids and texts of transformers', async (_, ids, load) => {
    const tokenizer = await load();
    const { size, bos, eos, pad } = tokenizer;
    expect([size, bos, eos, pad]).toEqual([
      golden!.vocab_size,
      golden!.bos[1],
      golden!.eos[1],
      golden!.pad[1],
    ]);
    expect(tokenizer.prefix).toEqual([]);
    expect(tokenizer.warnings).toEqual([]);
    for (const row of golden!.encode) {
      expect(tokenizer.encode(row.text), row.text).toEqual(row[ids]);
      expect(tokenizer.decode(row.ids_no_special)).toBe(row.decode_skip_special);
    }
    for (const row of golden!.decode_fragments) expect(tokenizer.decode(row.ids)).toBe(row.decode);
    for (const row of golden!.chat) {
      const got = tokenizer.chat(row.messages, { addGenerationPrompt: row.add_generation_prompt });
      expect(got).toEqual({ text: row.text, ids: row.ids });
    }
  });
});
