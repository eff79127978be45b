// Builds the WebAssembly kernels, src/engine/wasm/assembly/*.ts -> dist/kernels/*.wasm, and the worker that runs them.
// `buildKernels({ ifStale: true })` leaves them alone when they are newer than every source.
import { mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, 'src/engine/wasm/assembly');
const out = join(root, 'dist/kernels');

const modules = [
  { source: 'kernels.ts', target: 'kernels.wasm', flags: [] },
  { source: 'kernels.ts', target: 'kernels-relaxed.wasm', flags: ['--enable', 'relaxed-simd'] },
  // The noise stream must not depend on FMA.
  { source: 'noise.ts', target: 'noise.wasm', flags: [] },
];
const common = [
  '--importMemory',
  '--runtime',
  'stub',
  '--noAssert',
  '-O3',
  '--enable',
  'simd',
  '--memoryBase',
  '64',
  // Shared memory, which the modules run on where there are threads, has to have a maximum.
  '--maximumMemory',
  '65536',
];
const threads = join(root, 'src/engine/wasm/threads');

const time = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function isStale() {
  const under = (folder) => readdirSync(folder).map((name) => join(folder, name));
  const inputs = [...under(sources), ...under(threads), fileURLToPath(import.meta.url)];
  const outputs = [...modules.map(({ target }) => target), 'worker.mjs'].map((name) => join(out, name));
  return Math.max(...inputs.map(time)) > Math.min(...outputs.map(time));
}

export async function buildKernels({ ifStale = false } = {}) {
  if (ifStale && !isStale()) return false;
  const { main } = await import('assemblyscript/asc');
  mkdirSync(out, { recursive: true });
  for (const { source, target, flags } of modules) {
    // Written under another name first: a reader never sees half a module.
    const partial = `dist/kernels/.${process.pid}.${target}`;
    const { error, stderr } = await main(
      [`src/engine/wasm/assembly/${source}`, ...common, ...flags, '--baseDir', root, '-o', partial],
      {},
    );
    if (error) throw new Error(`asc ${source}: ${error.message}\n${stderr.toString()}`);
    renameSync(join(root, partial), join(out, target));
  }
  await buildWorker();
  return true;
}

/** The thread that runs the kernels: src/engine/wasm/threads/worker.ts -> dist/kernels/worker.mjs. */
async function buildWorker() {
  const { build } = await import('esbuild');
  const options = { bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'warning' };
  const partial = join(out, `.${process.pid}.worker.mjs`);
  await build({ ...options, entryPoints: [join(threads, 'worker.ts')], outfile: partial });
  renameSync(partial, join(out, 'worker.mjs'));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await buildKernels({ ifStale: process.argv.includes('--if-stale') });
}
