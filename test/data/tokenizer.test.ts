import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Tokenizer } from '../../src/data/task.ts';
import { loadTokenizer } from '../../src/data/tokenizer.ts';
import { document } from '../../src/data/world/index.ts';
import { FormatError } from '../../src/errors.ts';

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
    for (const [text, message] of [
      [whole.slice(0, 5000), /not valid JSON/],
      ['[]', /no JSON object/],
      ['{"model": {}}', /no model\.vocab/],
      ['{"model": {"vocab": {"a": 0}, "type": "Nonsense"}}', /not a tokenizer that can be read/],
    ] as const) {
      await writeFile(join(dir, 'tokenizer.json'), text);
      await expect(loadTokenizer(dir)).rejects.toThrow(FormatError);
      await expect(loadTokenizer(dir)).rejects.toThrow(message);
    }
  });

  it('needs an end token, from tokenizer_config.json or config.json', async () => {
    const dir = await folder();
    await cp('models/tiny/tokenizer.json', join(dir, 'tokenizer.json'));
    await expect(loadTokenizer(dir)).rejects.toThrow(/No end-of-sequence token/);
    await writeFile(join(dir, 'config.json'), '{"eos_token_id": [2, 1]}');
    const tokenizer = await loadTokenizer(dir);
    expect([tokenizer.eos, tokenizer.pad]).toEqual([2, 2]);
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
  encode: { text: string; ids_no_special: number[]; decode: string; decode_skip_special: string }[];
  decode_fragments: { ids: number[]; text: string }[];
}

const golden = '../shared/goldens-tokens/smollm2.json';
const model = process.env.SMOLLM2_DIR ?? '../.models/smollm2/hf';

describe.skipIf(!existsSync(golden) || !existsSync(join(model, 'tokenizer.json')))(
  'SmolLM2 (skipped without its golden values or its model folder, SMOLLM2_DIR)',
  () => {
    const expected = existsSync(golden) ? (JSON.parse(readFileSync(golden, 'utf8')) as Golden) : undefined;

    it('gives the ids and the text of transformers', async () => {
      const tokenizer = await loadTokenizer(model);
      expect([tokenizer.size, tokenizer.eos]).toEqual([expected!.vocab_size, 2]);
      for (const row of expected!.encode) {
        expect(tokenizer.encode(row.text), row.text).toEqual(row.ids_no_special);
        expect(tokenizer.decode(row.ids_no_special)).toBe(row.decode_skip_special);
      }
    });
  },
);
