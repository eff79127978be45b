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

/** New tokens over all rows, a second by the clock and a second of processor time (which a busy machine leaves alone). */
async function rate(rows: number, options: { cache?: boolean; beams?: number }) {
  const prompts = Array.from({ length: rows }, (_, row) => ids.slice(row, row + length));
  let [clock, processor] = [Infinity, Infinity];
  for (let i = 0; i < repeats; i++) {
    const [started, used] = [performance.now(), process.cpuUsage()];
    await generate(model, prompts, { ...base, ...options });
    const { user, system } = process.cpuUsage(used);
    clock = Math.min(clock, (performance.now() - started) / 1000);
    processor = Math.min(processor, (user + system) / 1e6);
  }
  return { clock: (rows * maxNewTokens) / clock, processor: (rows * maxNewTokens) / processor };
}

const inWords = ({ clock, processor }: { clock: number; processor: number }) =>
  `${clock.toFixed(2)} tokens/s (${processor.toFixed(2)} a processor second)`;
for (const rows of args.rows.split(',').map(Number)) {
  const [cached, plain] = [await rate(rows, {}), await rate(rows, { cache: false })];
  const ratio = (cached.processor / plain.processor).toFixed(1);
  console.log(
    `greedy, ${rows} at once: ${inWords(cached)} with the cache, ${inWords(plain)} without, ratio ${ratio}`,
  );
}
console.log(`${beams} beams, 1 prompt: ${inWords(await rate(1, { beams }))} with the cache`);
model.dispose();
