import { types } from 'node:util';
import { mimeBundle } from '../notebook/bundle.ts';
import type { DisplayOptions, MimeBundle } from '../notebook/kernel-api.ts';
import { diagnosed, INTERRUPTED, thrown, type Failure } from './failure.ts';
import { Interrupts } from './interrupt.ts';
import { captureStreams } from './output.ts';
import { Pending } from './pending.ts';
import { ExecutionQueue } from './queue.ts';
import { type CellSession, type CellEnd } from './session.ts';
import { JupyterHandlerImpl, setDisplayWriter, ts } from './tslab.ts';

/** Content of an execute_request, as far as it matters here. */
export interface ExecuteRequest {
  code: string;
  silent?: boolean;
  store_history?: boolean;
  stop_on_error?: boolean;
}

/** Where the messages of one cell go. */
export interface CellChannel {
  publish(type: string, content: object): void;
}

export type ExecuteReply =
  | { status: 'ok'; execution_count: number; payload: []; user_expressions: object }
  | ({ status: 'error'; execution_count: number } & Failure)
  | { status: 'aborted'; execution_count: number };

/** How long a finished cell waits for the stills of its figures. */
const SETTLE_MS = 20_000;

/** tslab's handler with a real execution protocol: input echo, one result, one error, aborted cells, the stop button. */
export class CellHandler extends JupyterHandlerImpl {
  readonly pending = new Pending();
  readonly interrupts: Interrupts;
  readonly #session: CellSession;
  readonly #queue = new ExecutionQueue();
  #count = 0;
  /** Ends the wait for a promise that a cell has as its last expression. */
  #breakOff: (() => void) | undefined;

  constructor(session: CellSession) {
    super(session.executor, false);
    this.#session = session;
    this.interrupts = new Interrupts(() => {
      session.executor.interrupt();
      this.#breakOff?.();
    });
  }

  /** Queues a cell. `started` is called when its turn comes. */
  async execute(request: ExecuteRequest, cell: CellChannel, started: () => void): Promise<ExecuteReply> {
    const stops = request.stop_on_error !== false;
    const outcome = await this.#queue.add(
      () => {
        started();
        return this.#runCell(request, cell);
      },
      (reply) => reply.status === 'error' && stops,
    );
    return outcome === 'aborted' ? { status: 'aborted', execution_count: this.#count } : outcome;
  }

  async #runCell(request: ExecuteRequest, cell: CellChannel): Promise<ExecuteReply> {
    const silent = request.silent === true;
    const number = this.#count + 1;
    if (!silent && request.store_history !== false) this.#count = number;
    const publish = (type: string, content: object): void => {
      if (!silent) cell.publish(type, content);
    };
    publish('execute_input', { code: request.code, execution_count: number });
    captureStreams((name, text) => publish('stream', { name, text }));
    setDisplayWriter((data, update) => publish(update ? 'update_display_data' : 'display_data', data));
    const signal = this.interrupts.begin();
    try {
      const failure = await this.#outcome(await this.#session.run(request.code, number), signal, (data) =>
        publish('execute_result', { execution_count: number, data, metadata: {} }),
      );
      await this.pending.settledWithin(SETTLE_MS, signal);
      if (!failure) return { status: 'ok', execution_count: number, payload: [], user_expressions: {} };
      publish('error', failure);
      return { status: 'error', execution_count: number, ...failure };
    } finally {
      this.interrupts.finish();
    }
  }

  async #outcome(
    end: CellEnd,
    signal: AbortSignal,
    show: (data: MimeBundle) => void,
  ): Promise<Failure | undefined> {
    if (end.kind === 'diagnosed') return diagnosed(end.diagnostics, end.source, ts.version);
    if (end.kind === 'thrown') return thrown(end.error, this.#session.sources, signal);
    if (!end.hasValue) return undefined;
    try {
      const value = types.isPromise(end.value) ? await this.#unlessStopped(end.value) : end.value;
      if (value === undefined || value === null) return undefined;
      const { sources } = this.#session;
      const bundle = await mimeBundle(value, { stack: (stack) => sources.readable(stack) });
      if (bundle) show(bundle);
      return undefined;
    } catch (error) {
      return thrown(error, this.#session.sources, signal);
    }
  }

  /** A promise that a cell ends with is awaited, so that its value or error is the cell's own. */
  async #unlessStopped(promise: Promise<unknown>): Promise<unknown> {
    const stopped = new Promise<never>((_, reject) => {
      this.#breakOff = () => reject(new Error(INTERRUPTED));
    });
    try {
      return await Promise.race([promise, stopped]);
    } finally {
      this.#breakOff = undefined;
    }
  }
}

/** Content of a display message. */
export function displayContent(data: MimeBundle, id: string, options: DisplayOptions): object {
  return { data, metadata: options.metadata ?? {}, transient: { display_id: id } };
}
