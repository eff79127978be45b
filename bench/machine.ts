import { cpus, totalmem } from 'node:os';

/** The machine and day of a measurement, in one line for the head of a result. */
export function machine(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, Node ${process.version}, ${cpus().length} x ${first?.model ?? 'unknown'}, ${memory} GiB`;
}

/** Mean and sample standard deviation. */
export function meanAndSpread(xs: readonly number[]): { mean: number; spread: number } {
  const mean = xs.reduce((s, x) => s + x, 0) / xs.length;
  const spread =
    xs.length < 2 ? NaN : Math.sqrt(xs.reduce((s, x) => s + (x - mean) ** 2, 0) / (xs.length - 1));
  return { mean, spread };
}
