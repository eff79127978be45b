/** How long a cell that has not said that it listens may go on after the first press of the stop button. */
const GRACE_MS = 1500;

/**
 * The stop button. The first press aborts the signal of the running cell, so that it can end by itself between two
 * steps. A cell that does not end within the grace is ended from outside, as is any cell at the second press; what such
 * a cell awaits cannot be stopped and may go on unseen.
 */
export class Interrupts {
  #controller = new AbortController();
  #running = false;
  #holds = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #end: () => void;
  readonly #grace: number;

  /** @param end - ends the running cell from outside */
  constructor(end: () => void, grace = GRACE_MS) {
    this.#end = end;
    this.#grace = grace;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** A cell starts. */
  begin(): AbortSignal {
    this.#renew();
    this.#running = true;
    return this.signal;
  }

  /** The cell has ended. What runs between cells is not meant by a press that came before. */
  finish(): void {
    this.#running = false;
    clearTimeout(this.#timer);
    if (this.signal.aborted) this.#renew();
  }

  /** Work that will end on the signal: the grace starts only when it is released. */
  hold(): () => void {
    const controller = this.#controller;
    let held = true;
    this.#holds++;
    return () => {
      if (!held || controller !== this.#controller) return;
      held = false;
      this.#holds--;
      if (this.#running && controller.signal.aborted) this.#startGrace();
    };
  }

  /** The stop button was pressed. */
  press(): void {
    if (!this.#running) return;
    if (this.signal.aborted) return this.#end();
    this.#controller.abort();
    this.#startGrace();
  }

  #renew(): void {
    this.#controller = new AbortController();
    this.#holds = 0;
  }

  #startGrace(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#running && this.#holds === 0) this.#end();
    }, this.#grace);
  }
}

/**
 * Makes Node listen to SIGINT again. While the synchronous part of a cell runs, Node handles SIGINT by itself; a listener
 * that the cell adds then, as many libraries do, would leave the process with no handler at all.
 */
export function renewSigint(): void {
  const listeners = process.listeners('SIGINT');
  process.removeAllListeners('SIGINT');
  for (const listener of listeners) process.on('SIGINT', listener);
}
