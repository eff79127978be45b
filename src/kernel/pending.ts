/** Work behind a cell that must be done before the cell counts as finished, such as the stills of its figures. */
export class Pending {
  readonly #works = new Set<Promise<unknown>>();

  track(work: Promise<unknown>): void {
    const ended = work.then(
      () => undefined,
      () => undefined,
    );
    this.#works.add(ended);
    void ended.then(() => this.#works.delete(ended));
  }

  /** Resolves when all work has ended, also the work that was added meanwhile. */
  async settled(): Promise<void> {
    while (this.#works.size > 0) await Promise.all(this.#works);
  }

  /** As `settled`, but no longer than `cap` milliseconds and not after the signal. */
  async settledWithin(cap: number, signal: AbortSignal): Promise<void> {
    if (this.#works.size === 0 || signal.aborted) return;
    const over = new AbortController();
    const limit = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, cap);
      signal.addEventListener('abort', () => resolve(), { signal: over.signal });
      over.signal.addEventListener('abort', () => clearTimeout(timer));
    });
    await Promise.race([this.settled(), limit]);
    over.abort();
  }
}
