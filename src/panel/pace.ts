/**
 * Does work when it is asked for, but no more often than every `gap` milliseconds: what is asked for earlier is done once,
 * when the gap is over. Steps hold the event loop, so that a timer may be late; whoever asks then does the work himself.
 */
export class Pace {
  readonly #gap: number;
  readonly #work: () => void;
  #last = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(gap: number, work: () => void) {
    this.#gap = gap;
    this.#work = work;
  }

  ask(): void {
    const wait = this.#last + this.#gap - performance.now();
    if (wait <= 0) return this.now();
    if (this.#timer) return;
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
