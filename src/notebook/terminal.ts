import type { DisplayOptions, MimeBundle } from './kernel-api.ts';

/** The part of a stream that a terminal needs. */
export interface TerminalStream {
  isTTY?: boolean;
  write(text: string): unknown;
}

/** Time between two lines of an entry that updates, where lines cannot be rewritten. */
const LINE_MS = 5000;

/**
 * Shows bundles as plain text. An entry of one line that is updated is rewritten in place on a terminal; in a file or a
 * pipe it gets a new line now and then, and one for its last state.
 */
export class Terminal {
  readonly #stream: TerminalStream;
  readonly #now: () => number;
  /** The entry whose text stands in the unfinished last line. */
  #open: string | undefined;
  readonly #printed = new Map<string, { text: string; at: number }>();

  constructor(stream: TerminalStream = process.stdout, now: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#now = now;
  }

  display(data: MimeBundle, id: string, options: DisplayOptions): void {
    const text = data['text/plain'];
    if (typeof text !== 'string') return;
    const before = this.#printed.get(id);
    const final = options.final === true;
    if (before?.text === text && !(final && this.#open === id)) return;
    const rewritable = this.#stream.isTTY === true && !text.includes('\n');
    if (options.update && !final && !rewritable && before && this.#now() - before.at < LINE_MS) return;
    this.#printed.set(id, { text, at: this.#now() });
    if (rewritable && this.#open === id) this.#stream.write(`\r\x1b[2K${text}`);
    else this.#stream.write(`${this.#open === undefined ? '' : '\n'}${text}`);
    // A line stays open for rewriting only where more updates of it are to come.
    const stays = rewritable && !final && options.final !== undefined;
    this.#open = stays ? id : undefined;
    if (!stays) this.#stream.write('\n');
  }
}
