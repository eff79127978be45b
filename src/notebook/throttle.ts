/** Lets a state through at most `hz` times a second; what is held back is the newest, and `flush` lets it out. */
export class Throttle<T> {
  #last = -Infinity;
  #held: { state: T } | undefined;
  readonly #gap: number;
  readonly #emit: (state: T) => void;
  readonly #now: () => number;

  constructor(hz: number, emit: (state: T) => void, now: () => number) {
    this.#gap = 1000 / hz;
    this.#emit = emit;
    this.#now = now;
  }

  offer(state: T): void {
    this.#held = { state };
    if (this.#now() - this.#last >= this.#gap) this.flush();
  }

  flush(): void {
    if (!this.#held) return;
    const { state } = this.#held;
    this.#held = undefined;
    this.#last = this.#now();
    this.#emit(state);
  }
}
