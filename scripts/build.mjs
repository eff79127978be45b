// npm run build: makes everything in dist/ (and plotly.js for JupyterLab) whose sources changed; --force makes all.
import { pathToFileURL } from 'node:url';
import { makePart, parts } from './lib/parts.mjs';

/** One line a part on standard output. */
export async function buildAll({ force = false } = {}) {
  for (const part of parts) {
    const start = performance.now();
    const made = await makePart(part, { force });
    const took = made ? `${((performance.now() - start) / 1000).toFixed(1)} s` : 'unchanged';
    console.log(`  build  ${part.name.padEnd(20)} ${took}`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const unknown = process.argv.slice(2).filter((flag) => flag !== '--force');
  if (unknown.length) {
    console.error(`build: unknown argument ${unknown.join(' ')}\nusage: npm run build [-- --force]`);
    process.exit(1);
  }
  try {
    await buildAll({ force: process.argv.includes('--force') });
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
}
