/** Mime type to content: text as a string, images as base64, `application/*+json` as a plain value. */
export type MimeBundle = Record<string, unknown>;

/** How a bundle is shown. */
export interface DisplayOptions {
  /** Name of the display entry, needed to update it later; made up when left out. */
  id?: string;
  /** Replace the entry `id` instead of adding a new one. */
  update?: boolean;
  metadata?: Record<string, unknown>;
  /** The last state of an entry that was updated: a plain terminal prints it for sure. */
  final?: boolean;
}

/** One end of a Jupyter comm: a two-way channel between the kernel and code in the page. */
export interface Comm {
  readonly id: string;
  readonly target: string;
  /** Called for every message of the page, in order. */
  onMessage: ((data: unknown, buffers: Buffer[]) => void) | undefined;
  onClose: ((data: unknown) => void) | undefined;
  send(data: object, options?: { metadata?: object; buffers?: readonly Uint8Array[] }): void;
  close(data?: object): void;
}

/** All comms of the kernel. */
export interface CommRegistry {
  /** Accepts comms that the page opens under `target`. */
  register(target: string, opened: (comm: Comm, data: unknown, buffers: Buffer[]) => void): void;
  /** Opens a comm towards the page. */
  open(
    target: string,
    data?: object,
    options?: { id?: string; metadata?: object; buffers?: readonly Uint8Array[] },
  ): Comm;
}

/**
 * What the hi-zfo kernel offers to the library, at `globalThis[Symbol.for('hi-zfo.kernel')]`. The library looks it up
 * there and never imports the kernel.
 */
export interface KernelApi {
  display(data: MimeBundle, options?: DisplayOptions): string;
  readonly comms: CommRegistry;
  /** Aborted when the stop button is pressed while the present cell runs. */
  readonly signal: AbortSignal;
  /**
   * Says that the caller will end on `signal`, however long its present step takes. Until the returned function is
   * called, one press of the stop button waits for the caller; a second press ends the cell at once.
   */
  hold(): () => void;
  /** The cell is not finished before this work is (20 s at most): for stills that are drawn behind a figure. */
  track(work: Promise<unknown>): void;
  /** Resolves when all tracked work has ended, well or not. */
  settled(): Promise<void>;
  /** Writes a line to the kernel's own log, never to a cell. */
  log(line: string): void;
}

/** Where the kernel's offer stands. */
export const KERNEL = Symbol.for('hi-zfo.kernel');
/** Method of a value that returns (a promise of) its mime bundle; Deno's Jupyter kernel knows it too. */
export const JUPYTER_DISPLAY = Symbol.for('Jupyter.display');
/** Method of a value that shows itself and returns nothing, or returns (a promise of) its mime bundle. */
export const SELF_DISPLAY = Symbol.for('hi-zfo.display');

/** The hi-zfo kernel that runs this code, if it is one. */
export function kernelApi(): KernelApi | undefined {
  return (globalThis as { [KERNEL]?: KernelApi })[KERNEL];
}
