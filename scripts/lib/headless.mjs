// Runs a notebook without Jupyter and prints what happens.
import { statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './parts.mjs';

const seconds = (s) => `${s.toFixed(1)} s`;

function firstLine(source) {
  const lines = source.split('\n').map((line) => line.trim());
  const line = lines.find((text) => text !== '' && !/^(\/\/|import )/.test(text)) ?? lines[0] ?? '';
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

function onCell({ phase, index, total, source, ms, ok }) {
  const place = `${String(index + 1).padStart(4)}/${total}`;
  if (phase === 'start') process.stdout.write(`${place}  ${firstLine(source).padEnd(60)}`);
  if (phase === 'end') process.stdout.write(`  ${seconds(ms / 1000).padStart(8)}${ok ? '' : '  FAILED'}\n`);
}

function table(rows) {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n');
}

/** Runs, writes out/NAME.ipynb and out/NAME.html, prints a table; true when every cell ran. */
export async function headless(notebook, spent) {
  const { runHeadless } = await import(pathToFileURL(join(root, 'dist/headless.mjs')).href);
  const stop = new AbortController();
  const abort = () => stop.abort();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, abort);
  console.log(`\nRunning ${relative(process.cwd(), notebook)}`);
  const start = performance.now();
  const report = await runHeadless(notebook, { root, out: join(root, 'out'), onCell, signal: stop.signal });
  const run = (performance.now() - start) / 1000;
  if (!report.ok) {
    console.error(`\n${report.error}\n\nNothing was written to out/.`);
    return false;
  }
  const total = Object.values(spent).reduce((sum, s) => sum + s, run);
  const files = report.files.map((file) => [
    relative(root, file),
    `${(statSync(file).size / 1e6).toFixed(2)} MB`,
  ]);
  console.log(`\n${basename(notebook)}`);
  const times = Object.entries({ ...spent, run, total }).map(([name, s]) => [name, seconds(s)]);
  console.log(table([['cells', report.cells], ['figures', report.figures], ...times, ...files]));
  return true;
}
