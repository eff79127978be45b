import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collate } from '../../src/data/batch.ts';
import { describeBatch } from '../../src/data/describe-batch.ts';
import { encodeExample, encodeIfFits, encodePrompt } from '../../src/data/encode.ts';
import type { ChatMessage, Tokenizer } from '../../src/data/task.ts';
import { loadTokenizer } from '../../src/data/tokenizer.ts';
import { ConfigError } from '../../src/errors.ts';
import { batchFigure, batchHtml, batchTable, batchText } from '../../src/plot/batch.ts';
import { smollm2 } from '../smollm2.ts';

/** One token a character, but `<e>` is the end token 1 and `<s>` the special token 2; a chat template like ChatML. */
const tokenizer: Tokenizer = {
  size: 300,
  eos: 1,
  pad: 1,
  encode: (text) =>
    [...text.matchAll(/<e>|<s>|[^]/g)].map(([c]) =>
      c === '<e>' ? 1 : c === '<s>' ? 2 : c.charCodeAt(0) + 10,
    ),
  decode: (ids) => ids.map((id) => (id < 10 ? '' : String.fromCharCode(id - 10))).join(''),
  chat(messages, options) {
    const turns = messages.map(({ role, content }) => `<s>${role}\n${content}<e>\n`).join('');
    const text = turns + (options?.addGenerationPrompt ? '<s>assistant\n' : '');
    return { text, ids: tokenizer.encode(text) };
  },
};
const talk = (...turns: string[]): ChatMessage[] =>
  turns.map((content, i) => ({ role: i % 2 ? 'assistant' : 'user', content }));
const chatExample = (...turns: string[]) => ({
  prompt: '',
  completion: turns.at(-1)!,
  messages: talk(...turns),
});
const learnt = ({ ids, supervised }: ReturnType<typeof encodeExample>): string[] =>
  supervised.map(([from, to]) => tokenizer.decode(ids.slice(from, to)));

describe('a prompt with a part that may be cut', () => {
  const example = (source: string, tokens: number) => ({
    prompt: `[${source}] TL;DR:`,
    completion: ' S',
    cut: { from: 1, to: 1 + source.length, tokens },
  });
  const text = (source: string, tokens: number, room: number) =>
    tokenizer.decode(encodePrompt(tokenizer, example(source, tokens), room));

  it('loses the end of that part, and nothing when it fits', () => {
    expect(text('abcdef', 10, 99)).toBe('[abcdef] TL;DR:');
    expect(text('abcdef', 4, 99)).toBe('[abcd] TL;DR:');
    expect(text('abcdef', 10, 13)).toBe('[abcd] TL;DR:');
    expect(text('ab cdef', 3, 99)).toBe('[ab] TL;DR:');
    expect(text('abcdef', 10, 4)).toBe(';DR:');
  });

  it('fills the room that there is', () => {
    const words = fc.string({ unit: fc.constantFrom(...'ab é'), maxLength: 40 });
    fc.assert(
      fc.property(words, fc.nat(30), fc.integer({ min: 1, max: 50 }), (source, tokens, room) => {
        const got = text(source, tokens, room);
        expect(got.length).toBeLessThanOrEqual(room);
        if (room < 10) return;
        const kept = got.slice(1, got.length - '] TL;DR:'.length);
        expect(got.endsWith('] TL;DR:')).toBe(true);
        expect(source.startsWith(kept)).toBe(true);
        const most = Math.min(tokens, room - 9, source.length);
        expect(kept.trimEnd()).toBe(
          source.length <= most ? source.trimEnd() : source.slice(0, most).trimEnd(),
        );
      }),
    );
  });

  it('is cut in training as in evaluation, the completion kept whole', () => {
    const { ids, supervised } = encodeExample(tokenizer, example('abcdefgh', 99), 16);
    expect(tokenizer.decode(ids)).toBe('[abcd] TL;DR: S');
    expect(ids.length).toBe(16);
    expect(supervised).toEqual([[13, 16]]);
  });

  it('comes after the ids that a model expects first, which are never cut', () => {
    const withPrefix: Tokenizer = { ...tokenizer, prefix: [7] };
    const ids = encodePrompt(withPrefix, { prompt: 'abcdef', completion: '' }, 4);
    expect([ids[0], tokenizer.decode(ids.slice(1))]).toEqual([7, 'def']);
  });
});

describe('a conversation', () => {
  it('is learnt on the turns of the assistant up to their end token', () => {
    const encoded = encodeExample(tokenizer, chatExample('Hi', 'Hello', 'Bye', 'Ciao'), 200);
    const all = tokenizer.chat!(talk('Hi', 'Hello', 'Bye', 'Ciao')).ids;
    expect(encoded.ids).toEqual(all.slice(0, -1)); // the line break after the last end token is left out
    expect(learnt(encoded)).toEqual(['Hello', 'Ciao']);
    for (const [, to] of encoded.supervised) expect(encoded.ids[to - 1]).toBe(tokenizer.eos);
  });

  it('begins where generation begins', () => {
    const example = chatExample('Hi', 'Hello', 'Bye', 'Ciao');
    const { ids, supervised } = encodeExample(tokenizer, example, 200);
    expect(encodePrompt(tokenizer, example, 200)).toEqual(ids.slice(0, supervised.at(-1)![0]));
  });

  it('loses its beginning when it is too long, and is refused when the last turn does not fit', () => {
    const example = chatExample('Hi', 'Hello', 'Bye', 'Ciao');
    const full = encodeExample(tokenizer, example, 200);
    const short = encodeExample(tokenizer, example, full.ids.length - 30);
    expect(short.ids).toEqual(full.ids.slice(30));
    expect(learnt(short).at(-1)).toBe('Ciao');
    expect(encodeIfFits(tokenizer, example, 6)).toBeDefined();
    expect(encodeIfFits(tokenizer, example, 5)).toBeUndefined();
    expect(() => encodeExample(tokenizer, example, 5)).toThrow(/maxLength is 5.* 6 tokens/s);
  });

  it('gets an end token from us when the template writes none', () => {
    const bare: Tokenizer = {
      ...tokenizer,
      chat(messages, options) {
        const text = messages.map((m) => `${m.role}:${m.content};`).join('');
        return { text: text + (options?.addGenerationPrompt ? 'assistant:' : ''), ids: [] };
      },
    };
    const { ids, supervised } = encodeExample(bare, chatExample('a', 'b'), 99);
    expect(ids.at(-1)).toBe(1);
    expect(supervised).toEqual([[ids.length - 3, ids.length]]);
  });

  it('needs a template that writes a turn the same whatever follows', () => {
    const forgetful: Tokenizer = {
      ...tokenizer,
      chat: (messages) => ({ text: `${messages.length}`, ids: [] }),
    };
    expect(() => encodeExample(forgetful, chatExample('a', 'b'), 99)).toThrow(ConfigError);
    const without = Object.fromEntries(
      Object.entries(tokenizer).filter(([name]) => name !== 'chat'),
    ) as unknown as Tokenizer;
    expect(() => encodeExample(without, chatExample('a', 'b'), 99)).toThrow(/chat template/);
  });
});

describe.skipIf(!smollm2)('a conversation of SmolLM2 (skipped without it)', () => {
  it('has the ids of the whole rendering and is learnt on its answers', async () => {
    const real = await loadTokenizer(smollm2!.hf);
    const example = chatExample('What is 2+3?', '5', 'And 4*5?', '20, I think.');
    const { ids, supervised } = encodeExample(real, example, 500);
    const all = real.chat(example.messages).ids;
    expect(ids).toEqual(all.slice(0, ids.length));
    expect(real.decode(all.slice(ids.length)).trim()).toBe('');
    expect(supervised.map(([from, to]) => real.decode(ids.slice(from, to)))).toEqual(['5', '20, I think.']);
    for (const [, to] of supervised) expect(ids[to - 1]).toBe(real.eos);
  });
});

describe('a batch, described', () => {
  const batch = collate(
    [
      encodeExample(tokenizer, chatExample('Hi', 'Hello', 'Bye', '<b>'), 200),
      encodeExample(tokenizer, { prompt: 'ab', completion: 'cd' }, 200),
    ],
    { pad: 1, maxLength: 200 },
  );
  const rows = describeBatch(batch, tokenizer);
  const report = { step: 3, task: 'talk', rows };

  it('tells what is learnt from what is given', () => {
    expect(rows[1]).toEqual({
      parts: [
        { text: 'ab', tokens: 2, supervised: false },
        { text: 'cd⏹', tokens: 3, supervised: true },
      ],
      tokens: 5,
      supervised: 3,
      padding: batch.length - 5,
    });
    expect(rows[0]!.parts.map((p) => [p.text, p.supervised])).toEqual([
      ['user\nHi⏹\nassistant\n', false],
      ['Hello⏹', true],
      ['\nuser\nBye⏹\nassistant\n', false],
      ['<b>⏹', true],
    ]);
    expect(rows[0]!.supervised + rows[1]!.supervised).toBe(batch.targets.length);
  });

  it('reads as text, as HTML without markup of its own, as table and figure', () => {
    expect(batchText(report)).toContain('ab⟦cd⏹⟧');
    expect(batchText(report)).toMatch(/^talk, batch of step 3: 2 rows, \d+ tokens, 13 of them supervised/);
    const html = batchHtml(report);
    expect(html).toMatch(/<mark[^>]*>&lt;b&gt;⏹<\/mark>/);
    expect(html.match(/<mark/g)!.length).toBe(3);
    expect(batchTable(report).get('supervised', 1)).toBe('cd⏹');
    const bars = batchFigure(report).data as { x: number[] }[];
    expect(bars.map((bar) => bar.x[1])).toEqual([2, 3, batch.length - 5]);
  });
});
