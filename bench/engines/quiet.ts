import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Processor seconds that everything on this machine has used so far; NaN where there is no /proc. */
function busy(): number {
  try {
    const fields = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]!.split(/\s+/).slice(1, 9).map(Number);
    const [idle, waiting] = [fields[3]!, fields[4]!];
    return (fields.reduce((a, b) => a + b, 0) - idle - waiting) / 100;
  } catch {
    return NaN;
  }
}

/** Waits for a tenth of a second in which others leave the machine alone, `patience` seconds at most; false if there was none. */
export async function quiet(patience: number): Promise<boolean> {
  const end = performance.now() + 1000 * patience;
  do {
    const before = busy();
    if (Number.isNaN(before)) return true;
    await sleep(100);
    if (busy() - before <= 0.02) return true;
  } while (performance.now() < end);
  return false;
}
