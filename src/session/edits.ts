const nothing = () => undefined;

interface Edit {
  /** Ends when the work has ended, well or not. */
  run(): Promise<void>;
  refuse(error: unknown): void;
}

/** Work that waits for the gap between two steps; done in the order in which it was asked for. */
export class EditQueue {
  readonly #waiting: Edit[] = [];
  #wake: () => void = nothing;

  /** Edits that wait. */
  get size(): number {
    return this.#waiting.length;
  }

  /** Resolves with what `work` gives, once its turn has come. */
  async add<T>(work: () => T | Promise<T>): Promise<T> {
    let end!: () => void;
    const ended = new Promise<void>((done) => (end = done));
    const turn = new Promise<void>((begin, refuse) => {
      const run = () => {
        begin();
        return ended;
      };
      this.#waiting.push({ run, refuse });
    });
    this.#wake();
    try {
      // Awaited and nowhere chained, so that the stack of an error leads back to whoever asked.
      await turn;
      return await work();
    } finally {
      queueMicrotask(end);
    }
  }

  /** Does all that waits. An edit that throws fails its own caller and no other. */
  async drain(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) await next.run();
  }

  /** Waits for `work` and does edits as they come in the meantime. */
  async during<T>(work: Promise<T>): Promise<T> {
    let over = false;
    const done = () => {
      over = true;
      this.#wake();
    };
    work.then(done, done);
    while (!over) {
      await this.drain();
      if (!over) await new Promise<void>((wake) => (this.#wake = wake));
    }
    return work;
  }

  /** Fails all that waits. */
  refuse(error: unknown): void {
    for (const edit of this.#waiting.splice(0)) edit.refuse(error);
  }
}
