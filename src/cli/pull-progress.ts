/** Says how far a pull is: one line that moves in a terminal, a line each tenth elsewhere. */
export class PullProgress {
  readonly #total: number;
  readonly #out: NodeJS.WriteStream;
  readonly #start = performance.now();
  readonly #done = new Map<string, number>();
  #first: number | undefined;
  #tenth = -1;
  #last = 0;

  constructor(total: number, out: NodeJS.WriteStream = process.stderr) {
    this.#total = total;
    this.#out = out;
  }

  /** `bytes` of `file` are there. */
  update(file: string, bytes: number): void {
    this.#done.set(file, bytes);
    const done = [...this.#done.values()].reduce((a, b) => a + b, 0);
    this.#first ??= done;
    const share = this.#total === 0 ? 1 : done / this.#total;
    const tenth = Math.floor(10 * share);
    const now = performance.now();
    if (this.#out.isTTY) {
      if (now - this.#last < 100 && share < 1) return;
      this.#last = now;
      this.#out.write(`\r\x1b[K${this.#line(file, done, share, now)}`);
    } else if (tenth > this.#tenth) {
      this.#tenth = tenth;
      this.#out.write(`${this.#line(file, done, share, now)}\n`);
    }
  }

  /** Leaves the moving line. */
  end(): void {
    if (this.#out.isTTY && this.#last > 0) this.#out.write('\n');
  }

  #line(file: string, done: number, share: number, now: number): string {
    const rate = (1000 * (done - this.#first!)) / Math.max(1, now - this.#start);
    const left = rate > 0 && share < 1 ? `, ${Math.ceil((this.#total - done) / rate)} s left` : '';
    const speed = rate > 0 ? `, ${megabytes(rate)} MB/s${left}` : '';
    return `${Math.floor(100 * share)}% of ${megabytes(this.#total)} MB${speed} (${file})`;
  }
}

/** Bytes in megabytes, with a decimal below ten. */
export function megabytes(bytes: number): string {
  const mb = bytes / 1e6;
  return mb < 10 ? mb.toFixed(1) : mb.toFixed(0);
}
