import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEngine, tf, type Engine } from '../../src/engine/index.ts';
import { ConfigError } from '../../src/errors.ts';
import { generate, loadModel, type GenerateOptions, type Decoder } from '../../src/model/index.ts';
import { readJson } from '../goldens.ts';
import { noLeaks } from '../no-leaks.ts';

const goldens = join(import.meta.dirname, '..', 'goldens');

/** Options as transformers name them. */
interface Named {
  num_beams?: number;
  repetition_penalty?: number;
  length_penalty?: number;
  early_stopping?: boolean;
  min_new_tokens?: number;
}
/** Made by scripts/goldens-generate.py with transformers. */
const { prompts, maxNewTokens, models } = readJson<{
  prompts: number[][];
  maxNewTokens: number;
  models: Record<string, { eos: number; cases: { options: Named; rows: number[][] }[] }>;
}>(goldens, 'generate.json');

const ours = (o: Named): Partial<GenerateOptions> => ({
  ...(o.num_beams && { beams: o.num_beams }),
  ...(o.repetition_penalty && { repetitionPenalty: o.repetition_penalty }),
  ...(o.length_penalty && { lengthPenalty: o.length_penalty }),
  ...(o.min_new_tokens && { minNewTokens: o.min_new_tokens }),
  ...(o.early_stopping !== undefined && { earlyStopping: o.early_stopping }),
});

let engine: Engine;
let model: Decoder;
const base = { maxNewTokens: 10, eos: 41, pad: 0 };

beforeAll(async () => {
  engine = await openEngine('wasm');
  model = await loadModel(engine, join(goldens, 'model', 'llama-tied-headdim'));
});
afterAll(() => model.dispose());

describe.each(Object.keys(models))('generate with %s', (name) => {
  it('gives the tokens of transformers, prompts together and with and without a cache', async () => {
    const { eos, cases } = models[name]!;
    const its = await loadModel(engine, join(goldens, 'model', name));
    await noLeaks(async () => {
      for (const { options, rows } of cases) {
        const settings = { ...ours(options), maxNewTokens, eos, pad: 0 };
        for (const cache of [true, false]) {
          const got = await generate(its, prompts, { ...settings, cache });
          expect(got, `${JSON.stringify(options)}, cache ${cache}`).toEqual(rows);
        }
      }
    });
    its.dispose();
    expect(new Set(cases.flatMap((c) => c.rows.map((r) => r.length))).size).toBeGreaterThan(3);
  });
});

describe('generate', () => {
  const kinds: Record<string, Partial<GenerateOptions>> = {
    greedy: {},
    sampling: { temperature: 1.2, topK: 20, topP: 0.9, seed: 5 },
    'beam search': { beams: 3, repetitionPenalty: 2.5 },
  };

  it.each(Object.entries(kinds))('gives each row what it gets alone: %s', async (_, kind) => {
    await noLeaks(async () => {
      const together = await generate(model, prompts, { ...base, ...kind });
      for (const [row, prompt] of prompts.entries()) {
        const alone = await generate(model, [prompt], { ...base, ...kind, firstRow: row });
        expect(alone).toEqual([together[row]]);
      }
    });
  });

  it('draws by seed and row', async () => {
    const draw = (seed: number) => generate(model, [[7], [7]], { ...base, eos: -1, temperature: 1, seed });
    const [first, again, other] = [await draw(1), await draw(1), await draw(2)];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(first[0]).not.toEqual(first[1]);
  });

  it('is greedy at a temperature near 0 and with topK 1', async () => {
    const greedy = await generate(model, prompts, base);
    expect(await generate(model, prompts, { ...base, temperature: 1e-4 })).toEqual(greedy);
    expect(await generate(model, prompts, { ...base, temperature: 3, topK: 1 })).toEqual(greedy);
  });

  it('ends at a stop string, and at no end token before minNewTokens', async () => {
    const decode = (ids: readonly number[]) => ids.map((id) => `<${id}>`).join('');
    const free = await generate(model, prompts, { ...base, eos: -1 });
    const string = `<${free[3]![1]}><${free[3]![2]}>`;
    const stop = { strings: [string, 'never'], decode };
    for (const beams of [1, 2]) {
      const rows = await generate(model, prompts, { ...base, beams, eos: -1, stop });
      for (const row of rows) expect(decode(row.slice(0, -1))).not.toContain(string);
      if (beams === 1) expect(rows[3]).toEqual(free[3]!.slice(0, 3));
    }
    const long = await generate(model, prompts, { ...base, minNewTokens: 7 });
    expect(Math.min(...long.map((row) => row.length))).toBeGreaterThanOrEqual(7);
  });

  it('stops between two tokens when told to, and leaves nothing', async () => {
    const decode = (): string => {
      stop.abort();
      return '';
    };
    let stop: AbortController;
    for (const [kind, cache] of [
      [{}, true],
      [{ beams: 2 }, true],
      [{}, false],
    ] as const) {
      stop = new AbortController();
      const options = {
        ...base,
        eos: -1,
        ...kind,
        cache,
        signal: stop.signal,
        stop: { strings: ['x'], decode },
      };
      await noLeaks(() => expect(generate(model, prompts, options)).rejects.toThrow(/abort/i));
    }
    await noLeaks(() =>
      expect(generate(model, prompts, { ...base, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i),
    );
  });

  it('holds no more memory for more tokens than its cache', async () => {
    const stop = { strings: ['x'], decode: () => (counts.push(tf.memory().numTensors), '') };
    const counts: number[] = [];
    await generate(model, [[7]], { ...base, eos: -1, maxNewTokens: 20, beams: 2, stop });
    expect(new Set(counts.slice(8)).size).toBe(1);
  });

  it('gives nothing for no prompts', async () => {
    expect(await generate(model, [], base)).toEqual([]);
  });

  it.each([
    [{ maxNewTokens: 0 }, /maxNewTokens is 0/],
    [{ maxNewTokens: 60 }, /exceed the model's 64 positions/],
    [{ beams: 0 }, /beams is 0/],
    [{ beams: 2, temperature: 1 }, /Beam search/],
    [{ topP: 0.5 }, /temperature above 0/],
    [{ temperature: 1, topP: 1.5 }, /topP is 1.5/],
    [{ temperature: -1 }, /temperature is -1/],
    [{ repetitionPenalty: 0 }, /repetitionPenalty is 0/],
    [{ seed: -1 }, /seed is -1/],
  ])('refuses %j', async (options, message) => {
    await noLeaks(async () => {
      await expect(generate(model, prompts, { ...base, ...options })).rejects.toThrow(ConfigError);
      await expect(generate(model, prompts, { ...base, ...options })).rejects.toThrow(message);
    });
  });

  it('refuses an empty prompt', async () => {
    for (const cache of [true, false]) {
      await expect(generate(model, [[1], []], { ...base, cache })).rejects.toThrow('Prompt 1 is empty');
    }
  });
});
