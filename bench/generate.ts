/**
 * Tokens a second of generation with and without the key-value cache, for one prompt and for several at once.
 *   npx tsx bench/generate.ts --model ./SmolLM2-135M [--prompt 64] [--tokens 16] [--rows 1,4] [--beams 4] [--repeats 2]
 * The best of the repeats counts. Prompts are the first tokens of a fixed text; no end token stops them.
 */
import { parseArgs } from 'node:util';
import { generate, loadModel, loadTokenizer, openEngine } from '../src/index.ts';
import { machine } from './machine.ts';

const { values: args } = parseArgs({
  options: {
    model: { type: 'string' },
    prompt: { type: 'string', default: '64' },
    tokens: { type: 'string', default: '16' },
    rows: { type: 'string', default: '1,4' },
    beams: { type: 'string', default: '4' },
    repeats: { type: 'string', default: '2' },
  },
});
if (!args.model) throw new Error('Give --model DIR, the folder of a Hugging Face model.');
const [length, maxNewTokens, beams, repeats] = [args.prompt, args.tokens, args.beams, args.repeats].map(
  Number,
) as [number, number, number, number];
const engine = await openEngine('auto');
const model = await loadModel(engine, args.model);
const tokenizer = await loadTokenizer(args.model);
console.log(`${machine()}\n${engine.describe().summary}`);
console.log(`prompts of ${length} tokens, ${maxNewTokens} new ones, best of ${repeats}\n`);

const text =
  'A gardener has some rows of beans, and every week she waters them, counts them and writes it down. ';
const ids = tokenizer.encode(text.repeat(Math.ceil(length / 10)));
const base = { maxNewTokens, minNewTokens: maxNewTokens, eos: tokenizer.eos, pad: tokenizer.pad };

/** New tokens a second, over all rows. */
async function rate(rows: number, options: { cache?: boolean; beams?: number }): Promise<number> {
  const prompts = Array.from({ length: rows }, (_, row) => ids.slice(row, row + length));
  let best = Infinity;
  for (let i = 0; i < repeats; i++) {
    const started = performance.now();
    await generate(model, prompts, { ...base, ...options });
    best = Math.min(best, (performance.now() - started) / 1000);
  }
  return (rows * maxNewTokens) / best;
}

for (const rows of args.rows.split(',').map(Number)) {
  const [cached, plain] = [await rate(rows, {}), await rate(rows, { cache: false })];
  console.log(
    `greedy, ${rows} at once: ${cached.toFixed(2)} tokens/s with the cache, ${plain.toFixed(2)} without, ` +
      `ratio ${(cached / plain).toFixed(1)}`,
  );
}
const searched = await rate(1, { beams });
console.log(`${beams} beams, 1 prompt: ${searched.toFixed(2)} tokens/s with the cache`);
model.dispose();
