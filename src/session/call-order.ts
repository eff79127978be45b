import { EditQueue } from './edits.ts';

/** The order in which a session's calls are done: one after another, edits between two steps of a run. */
export class CallOrder {
  /** Edits that wait for the end of the present step. */
  readonly edits = new EditQueue();
  #tail: Promise<unknown> = Promise.resolve();

  /** @param assertOpen - throws when the session was closed meanwhile */
  constructor(private readonly assertOpen: () => void) {}

  /** Does work between two steps: of the run that is going, or after the calls that were made before. */
  between<T>(work: () => T | Promise<T>): Promise<T> {
    const done = this.edits.add(work);
    this.queued(() => this.edits.drain()).catch((error: unknown) => this.edits.refuse(error));
    return done;
  }

  /** Does work after the calls that were made before. */
  async queued<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#tail;
    let end!: () => void;
    this.#tail = new Promise<void>((done) => (end = done));
    // Awaited and nowhere chained, so that the stack of an error leads back to whoever called.
    await before;
    try {
      this.assertOpen();
      return await work();
    } finally {
      queueMicrotask(end); // the caller goes on before the next call begins
    }
  }
}
