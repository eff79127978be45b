/** The part of a zeromq socket that sends. */
export interface Sender {
  readonly closed: boolean;
  send(frames: (string | Buffer)[]): Promise<void>;
}

/**
 * Sends in order over one socket. A send ends within the call, so output leaves also while a cell blocks; but after 512 of
 * them in one turn of the event loop zeromq delays a send, and refuses the next until that one is done. What is refused
 * waits here.
 */
export class Outbox {
  readonly #socket: () => Sender;
  readonly #waiting: (string | Buffer)[][] = [];
  #last: Promise<void> = Promise.resolve();

  constructor(socket: () => Sender) {
    this.#socket = socket;
  }

  send(frames: (string | Buffer)[]): void {
    if (this.#waiting.length > 0 || !this.#tried(frames)) {
      this.#waiting.push(frames);
      if (this.#waiting.length === 1) void this.#drain();
    }
  }

  /** False when the socket is busy; a closed socket is no error here. */
  #tried(frames: (string | Buffer)[]): boolean {
    const socket = this.#socket();
    if (socket.closed) return true;
    try {
      this.#last = socket.send(frames).catch(() => undefined);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EBUSY') return false;
      throw error;
    }
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#last;
      while (this.#waiting.length > 0 && this.#tried(this.#waiting[0]!)) this.#waiting.shift();
    }
  }
}
