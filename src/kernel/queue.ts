/** How a queued cell ended; `'aborted'` when an earlier cell failed first. */
export type Outcome<T> = T | 'aborted';

/**
 * Runs cells one after another. When one fails, every cell that was sent before its failure became known is aborted;
 * one that is sent afterwards runs. (tslab drops every cell sent in the 200 ms after a failure.)
 */
export class ExecutionQueue {
  #tail: Promise<unknown> = Promise.resolve();
  #added = 0;
  #abortedUpTo = 0;
  readonly #quiet: number;

  /** @param quiet - milliseconds without a new cell after which all that were on their way have come in */
  constructor(quiet = 20) {
    this.#quiet = quiet;
  }

  /**
   * @param task - runs when its turn comes
   * @param failed - whether the task's result ends what is queued behind it
   */
  add<T>(task: () => Promise<T>, failed: (result: T) => boolean): Promise<Outcome<T>> {
    const turn = ++this.#added;
    const result = this.#tail.then(async (): Promise<Outcome<T>> => {
      if (turn <= this.#abortedUpTo) return 'aborted';
      const value = await task();
      if (failed(value)) await this.#abortQueued();
      return value;
    });
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Waits until nothing more comes in: the sender cannot have seen the failure yet, its reply is still to be sent. */
  async #abortQueued(): Promise<void> {
    do {
      this.#abortedUpTo = this.#added;
      await new Promise((resolve) => setTimeout(resolve, this.#quiet));
    } while (this.#abortedUpTo !== this.#added);
  }
}
