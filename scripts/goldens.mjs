// Copies the small reference values that the test suite needs from a folder of large ones into test/goldens.
//   node scripts/goldens.mjs [FOLDER=../shared]
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const from = process.argv[2] ?? join(here, '..', '..', 'shared');
const to = join(here, '..', 'test', 'goldens');

/** Tiny models of every family, by folder. */
const models = [
  ...[
    'llama',
    'llama-tied-headdim',
    'llama-rope-linear',
    'llama-rope-llama3',
    'mistral-window',
    'phi3',
    'gemma2',
  ],
  ...['qwen2', 'qwen3', 'gpt2', 'opt', 'opt-350m-like', 'bloom', 'bloom-6heads', 'gpt_neox'],
];
/** Those that a step was made with. */
const stepped = ['llama', 'llama-tied-headdim', 'qwen2', 'gpt2', 'opt', 'bloom'];

/** Whole files and folders, by their path under FOLDER. */
const copies = {
  ...Object.fromEntries(models.map((name) => [`goldens/${name}`, `model/${name}`])),
  ...Object.fromEntries(stepped.map((name) => [`goldens-step/${name}`, `step/${name}`])),
  'goldens-partition/cases.json': 'partition.json',
};

/** Excerpts: [source, target, what to keep]. */
const excerpts = [
  [
    'goldens-noise/stateless_normal.json',
    'noise.json',
    ({ random123_kat, rows, big, floor }) => ({
      random123_kat,
      // The longest draw of each key and counter: shorter ones are its prefixes.
      rows: rows.filter((row) => rows.every((other) => !sameStream(row, other) || other.n <= row.n)),
      big,
      floor,
    }),
  ],
];

function sameStream(a, b) {
  return a.key_hex === b.key_hex && a.counter_hex.join() === b.counter_hex.join();
}

for (const [source, target] of Object.entries(copies)) copy(join(from, source), join(to, target));
for (const [source, target, keep] of excerpts) {
  const values = keep(JSON.parse(readFileSync(join(from, source), 'utf8')));
  mkdirSync(dirname(join(to, target)), { recursive: true });
  writeFileSync(join(to, target), JSON.stringify(values) + '\n');
}

function copy(source, target) {
  if (/\.\w+$/.test(source)) {
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(source, target);
    return;
  }
  for (const entry of readdirSync(source)) copy(join(source, entry), join(target, entry));
}
