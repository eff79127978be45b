// Peak memory and time of loading a model: npx tsx bench/load.ts MODEL [ENGINE=wasm]   (Linux: reads /proc/self/status)
import { readFileSync } from 'node:fs';
import { openEngine, type EngineName } from '../src/engine/index.ts';
import { loadModel } from '../src/model/index.ts';
import { machine } from './machine.ts';

/** Resident memory now (VmRSS) or at its highest (VmHWM), in MiB. */
function resident(field: 'VmRSS' | 'VmHWM'): number {
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024;
}

async function main([path, name = 'wasm']: string[]): Promise<void> {
  if (!path) throw new Error('Give a model: a Hugging Face folder or a .gguf file.');
  const engine = await openEngine(name as EngineName);
  const before = resident('VmRSS');
  const start = performance.now();
  const model = await loadModel(engine, path);
  const seconds = (performance.now() - start) / 1000;
  const size = (4 * model.parameters.size) / 2 ** 20;
  const peak = resident('VmHWM') - before;
  console.log(
    `${path} on ${engine.name}: ${size.toFixed(0)} MiB as float32, peak ${peak.toFixed(0)} MiB above ` +
      `${before.toFixed(0)} MiB = ${(peak / size).toFixed(2)} times, ${seconds.toFixed(1)} s\n${machine()}`,
  );
}

await main(process.argv.slice(2));
