// Bundles the renderer of stills: src/plot/still/worker.ts -> dist/still-worker.mjs.
import { mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, 'src/plot/still');
const target = join(root, 'dist/still-worker.mjs');

const time = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function isStale() {
  const inputs = [...readdirSync(sources).map((name) => join(sources, name)), fileURLToPath(import.meta.url)];
  return Math.max(...inputs.map(time)) > time(target);
}

/** Returns false when there was nothing to do. */
export async function buildStill({ ifStale = false } = {}) {
  if (ifStale && !isStale()) return false;
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [join(sources, 'worker.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
  });
  mkdirSync(dirname(target), { recursive: true });
  const aside = `${target}.${process.pid}`;
  writeFileSync(aside, outputFiles[0].contents);
  renameSync(aside, target);
  return true;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await buildStill({ ifStale: process.argv.includes('--if-stale') });
