// Memory while a model is loaded: resident bytes above those of the idle engine, against the float32 size of the model.
//   npx tsx bench/load-memory.ts MODEL...      (folders or .gguf files; each in a process of its own)
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { openEngine } from '../src/engine/index.ts';
import { loadModel } from '../src/model/index.ts';

const [flag, ...rest] = process.argv.slice(2);
if (flag === '--one') await measure(rest[0]!);
else
  for (const model of process.argv.slice(2)) {
    const { status } = spawnSync(
      process.execPath,
      ['--import', 'tsx', import.meta.filename, '--one', model],
      { stdio: 'inherit' },
    );
    process.exitCode ||= status ?? 1;
  }

async function measure(path: string): Promise<void> {
  const engine = await openEngine('wasm');
  await engine.activate();
  const idle = process.memoryUsage.rss();
  const start = performance.now();
  const model = await loadModel(engine, path);
  const seconds = (performance.now() - start) / 1000;
  const peak = peakResident();
  const size = 4 * model.parameters.size;
  const mb = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  console.log(
    `${basename(path)}: ${mb(size)} in float32, peak ${mb(peak)} of which ${mb(idle)} before, ${((peak - idle) / size).toFixed(3)} of the model; ${seconds.toFixed(1)} s`,
  );
}

/** Highest resident size so far; the kernel keeps it, so nothing is missed between two looks. */
function peakResident(): number {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]);
  } catch {
    return 1024 * process.resourceUsage().maxRSS; // elsewhere than on Linux
  }
}
