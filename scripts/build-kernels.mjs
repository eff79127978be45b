// Builds the WebAssembly kernels: src/engine/wasm/assembly/*.ts -> dist/kernels/*.wasm.
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
];

const time = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function isStale() {
  const inputs = [...readdirSync(sources).map((name) => join(sources, name)), fileURLToPath(import.meta.url)];
  return Math.max(...inputs.map(time)) > Math.min(...modules.map(({ target }) => time(join(out, target))));
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
  return true;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await buildKernels({ ifStale: process.argv.includes('--if-stale') });
}
