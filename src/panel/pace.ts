/** Does work soon after it was asked for, but no more often than every `gap` milliseconds, however often it is asked. */
export class Pace {
  readonly #gap: number;
  readonly #work: () => void;
  #last = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(gap: number, work: () => void) {
    this.#gap = gap;
    this.#work = work;
  }

  /** The work is never done within the call: the caller may be in the middle of a step. */
  ask(): void {
    if (this.#timer) return;
    const wait = Math.max(0, this.#last + this.#gap - performance.now());
    this.#timer = setTimeout(() => this.now(), wait);
    this.#timer.unref();
  }

  /** Does the work at once, whether it was asked for or not. */
  now(): void {
    this.stop();
    this.#last = performance.now();
    this.#work();
  }

  /** Forgets that it was asked. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
