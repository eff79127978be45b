// Bundles the page's side of the live panel: src/panel/front -> dist/panel.mjs, dist/panel.css.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const front = join(root, 'src/panel/front');

/** Written aside and renamed: a kernel that starts meanwhile never reads half a file. */
export async function buildPanel(folder = join(root, 'dist')) {
  const { outputFiles } = await build({
    entryPoints: { 'panel.mjs': join(front, 'index.ts'), 'panel.css': join(front, 'panel.css') },
    outdir: folder,
    entryNames: '[name]',
    bundle: true,
    minify: true,
    write: false,
    platform: 'browser',
    format: 'esm',
    // Container queries set the bar: Chromium 105, Firefox 110, Safari 16.
    target: ['chrome105', 'firefox110', 'safari16'],
    charset: 'utf8',
    logLevel: 'warning',
  });
  mkdirSync(folder, { recursive: true });
  return outputFiles.map(({ path, contents }) => {
    const file = join(folder, basename(path).replace(/\.(mjs|css)\.(js|css)$/, '.$1'));
    writeFileSync(`${file}.${process.pid}`, contents);
    renameSync(`${file}.${process.pid}`, file);
    return file;
  });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  console.log((await buildPanel()).join('\n'));
