// Bundles the Jupyter kernel into dist/kernel/: main.mjs, and heartbeat.mjs that it starts as a thread.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Written aside and renamed, so that a kernel that starts meanwhile never reads half a file. */
function place(file, contents) {
  if (existsSync(file) && readFileSync(file).equals(Buffer.from(contents))) return;
  const aside = `${file}.${process.pid}`;
  writeFileSync(aside, contents);
  renameSync(aside, file);
}

/** Builds the kernel; returns the path of main.mjs. */
export async function buildKernel(folder = join(root, 'dist/kernel')) {
  const { outputFiles } = await build({
    entryPoints: {
      main: join(root, 'src/kernel/main.ts'),
      heartbeat: join(root, 'src/kernel/heartbeat-worker.ts'),
    },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['tslab', 'zeromq'],
    logLevel: 'warning',
  });
  mkdirSync(folder, { recursive: true });
  for (const output of outputFiles) place(join(folder, basename(output.path)), output.contents);
  return join(folder, 'main.mjs');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  console.log(await buildKernel());
