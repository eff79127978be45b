/** `waiting`: the first word has not come yet. `away`: it did not come in time. */
export type Presence = 'waiting' | 'live' | 'away';

const LEAST_MS = 5000;

/**
 * Whether a kernel is behind the panel. A notebook that was opened again has the state but nobody who answers; no front
 * end tells a view so, hence the wait for a first word. A session in the middle of a slow step gets more time.
 */
export class Attendance {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #presence: Presence = 'waiting';
  readonly #changed: (presence: Presence) => void;

  constructor(changed: (presence: Presence) => void) {
    this.#changed = changed;
  }

  get presence(): Presence {
    return this.#presence;
  }

  /** Someone was called; `stepSeconds` is how long they may be busy. */
  called(stepSeconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#become('away'), Math.max(LEAST_MS, 3000 * stepSeconds));
  }

  /** A word has come. */
  heard(): void {
    clearTimeout(this.#timer);
    this.#become('live');
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #become(presence: Presence): void {
    if (presence === this.#presence) return;
    this.#presence = presence;
    this.#changed(presence);
  }
}
