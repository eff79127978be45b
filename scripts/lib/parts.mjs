// The parts of the build: what each reads, what it writes, how it is made. A part whose inputs have not changed since
// it was made is skipped; the hashes of its inputs are kept in dist/.parts.json.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const stamps = join(root, 'dist/.parts.json');
const plotlyMin = 'jupyter/labextensions/hi-zfo-plotly/static/plotly.min.js';

const LOCK = 'package-lock.json';

/** Made by esbuild, with the licence on top; JupyterLab and the exported pages load this one file. */
async function minifyPlotly() {
  const { build } = await import('esbuild');
  const file = join(root, 'node_modules/plotly.js-dist/plotly.js');
  const licence = readFileSync(file, 'utf8').match(/^\/\*[\s\S]*?\*\//)?.[0] ?? '';
  const aside = join(root, `${plotlyMin}.${process.pid}`);
  await build({
    entryPoints: [file],
    outfile: aside,
    minify: true,
    legalComments: 'none',
    banner: { js: licence },
    logLevel: 'error',
    allowOverwrite: true,
  });
  renameSync(aside, join(root, plotlyMin));
}

async function bundleLibrary() {
  const { build } = await import('tsdown');
  const start = Date.now();
  await build({ config: join(root, 'tsdown.config.ts'), cwd: root, logLevel: 'error' });
  chmodSync(join(root, 'dist/cli.mjs'), 0o755);
  // Chunks carry a hash in their names; those of earlier builds are of no use.
  for (const name of readdirSync(join(root, 'dist'))) {
    const file = join(root, 'dist', name);
    if (/-[\w-]{8}\.[cm]js$/.test(name) && statSync(file).mtimeMs < start - 2000) rmSync(file);
  }
}

export const parts = [
  {
    name: 'library and cli',
    inputs: ['src', 'tsdown.config.ts', 'tsconfig.json', LOCK],
    outputs: [
      'dist/index.mjs',
      'dist/index.cjs',
      'dist/index.d.cts',
      'dist/index.d.mts',
      'dist/cli.mjs',
      'dist/headless.mjs',
    ],
    make: bundleLibrary,
  },
  {
    name: 'wasm kernels',
    inputs: ['src/engine/wasm/assembly', 'src/engine/wasm/threads', 'scripts/build-kernels.mjs', LOCK],
    outputs: ['kernels.wasm', 'kernels-relaxed.wasm', 'noise.wasm', 'worker.mjs'].map(
      (f) => `dist/kernels/${f}`,
    ),
    make: async () => (await import('../build-kernels.mjs')).buildKernels(),
  },
  {
    name: 'Jupyter kernel',
    inputs: ['src', 'scripts/build-kernel.mjs', LOCK],
    outputs: ['dist/kernel/main.mjs', 'dist/kernel/heartbeat.mjs'],
    make: async () => (await import('../build-kernel.mjs')).buildKernel(),
  },
  {
    name: 'renderer of stills',
    inputs: ['src/plot/still', 'scripts/build-still.mjs', LOCK],
    outputs: ['dist/still-worker.mjs'],
    make: async () => (await import('../build-still.mjs')).buildStill(),
  },
  {
    name: 'live panel',
    inputs: [
      'src/panel/front',
      'src/panel/protocol.ts',
      'src/plot/theme.ts',
      'src/plot/thin.ts',
      'src/plot/words.ts',
      'src/train/history.ts',
      'scripts/build-panel.mjs',
      LOCK,
    ],
    outputs: ['dist/panel.mjs', 'dist/panel.css'],
    make: async () => (await import('../build-panel.mjs')).buildPanel(),
  },
  {
    name: 'plotly for pages',
    inputs: ['node_modules/plotly.js-dist/package.json', 'scripts/lib/parts.mjs'],
    outputs: [plotlyMin],
    make: minifyPlotly,
  },
];

function* filesUnder(path) {
  if (!statSync(path).isDirectory()) yield path;
  else for (const name of readdirSync(path).sort()) yield* filesUnder(join(path, name));
}

function hashOf(inputs) {
  const hash = createHash('sha256');
  for (const input of inputs)
    for (const file of filesUnder(join(root, input)))
      hash.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

function readStamps() {
  try {
    return JSON.parse(readFileSync(stamps, 'utf8'));
  } catch {
    return {}; // missing or broken: everything is made anew
  }
}

/** Makes a part if it is stale; true when it was made. */
export async function makePart({ name, inputs, outputs, make }, { force = false } = {}) {
  const hash = hashOf(inputs);
  const fresh = readStamps()[name] === hash && outputs.every((file) => existsSync(join(root, file)));
  if (fresh && !force) return false;
  await make();
  const missing = outputs.filter((file) => !existsSync(join(root, file)));
  if (missing.length) throw new Error(`${name}: the build did not write ${missing.join(', ')}`);
  mkdirSync(dirname(stamps), { recursive: true });
  const aside = `${stamps}.${process.pid}`;
  writeFileSync(aside, JSON.stringify({ ...readStamps(), [name]: hash }, null, 1));
  renameSync(aside, stamps);
  return true;
}
