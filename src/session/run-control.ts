import type { RunState } from '../panel/protocol.ts';
import type { HistoryRow, AnyTrainer } from '../train/index.ts';
import type { EditQueue } from './edits.ts';

/** One run, as the loop sees it. */
export interface RunOrder {
  /** Steps to make; until it is stopped when left out. */
  steps?: number | undefined;
  /** Ends the run between two steps. */
  signal?: AbortSignal | undefined;
  /** Called after each step, and awaited. */
  onStep?: ((row: HistoryRow) => unknown) | undefined;
}

interface Run {
  readonly until: number | undefined;
  readonly onStep: RunOrder['onStep'];
  /** Steps that this run has made. */
  made: number;
  /** The last of them that changed nothing, in a row. */
  skipped: number;
  readonly stop: AbortController;
  /** Ends the wait of a pause. */
  wake: () => void;
}

/** Steps in a row without a finite loss and gradient after which a run ends: other batches and directions have been tried by then. */
const HOPELESS = 10;

/** Turns of the event loop in which messages are read: one may bring the socket's notice, the next the message itself. */
const TURNS = 3;

async function turns(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await new Promise(setImmediate);
}

/** The loop around steps: runs, holds and ends between two steps, where edits land too. */
export class RunControl {
  #state: RunState = 'idle';
  #run: Run | undefined;
  #callbacks = 0;

  constructor(
    private readonly trainer: AnyTrainer,
    private readonly edits: EditQueue,
    private readonly hooks: {
      onState: (state: RunState) => void;
      /** After each step, of a run or alone; the signal fires when the run is stopped. */
      afterStep: (signal: AbortSignal | undefined) => Promise<void>;
    },
  ) {}

  get state(): RunState {
    return this.#state;
  }

  /** Whether a run waits for its `onStep`. */
  get inCallback(): boolean {
    return this.#callbacks > 0;
  }

  /** Step at which the present run ends. */
  get until(): number | undefined {
    return this.#run?.until;
  }

  pause(): void {
    if (this.#state === 'running') this.#set('paused');
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#set('running');
    this.#run?.wake();
  }

  stop(): void {
    this.#run?.stop.abort();
    this.#run?.wake();
  }

  /** One step and all that belongs to it; counts as a step of the run that it falls into. */
  async step(): Promise<HistoryRow> {
    const row = await this.trainer.step();
    const run = this.#run;
    if (run) {
      run.made++;
      run.skipped = row.skipped ? run.skipped + 1 : 0;
      if (run.until === this.trainer.steps) run.wake(); // a paused run that was stepped to its end
    }
    await this.hooks.afterStep(run?.stop.signal);
    if (run?.onStep) await this.#callback(run.onStep, row);
    return row;
  }

  async #callback(onStep: NonNullable<RunOrder['onStep']>, row: HistoryRow): Promise<void> {
    this.#callbacks++;
    try {
      await this.edits.during(Promise.resolve(onStep(row)));
    } finally {
      this.#callbacks--;
    }
  }

  /** Makes steps until the order is filled, the signal fires or `stop` is called. Returns what ended it early, in words. */
  async go({ steps, signal, onStep }: RunOrder): Promise<string | undefined> {
    const until = steps === undefined ? undefined : this.trainer.steps + steps;
    const run: Run = {
      until,
      onStep,
      made: 0,
      skipped: 0,
      stop: new AbortController(),
      wake: () => undefined,
    };
    this.#run = run;
    const stop = () => this.stop();
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) this.stop();
    try {
      this.#set('running');
      for (;;) {
        await this.edits.drain();
        if (until !== undefined && this.trainer.steps >= until) return undefined;
        const hopeless = run.skipped >= HOPELESS;
        if (run.stop.signal.aborted || hopeless) {
          const count = `${run.made}${steps === undefined ? '' : ` of ${steps}`} steps`;
          const text = hopeless
            ? `ended after ${count}: ${whyHopeless(this.trainer)}`
            : `stopped after ${count}`;
          this.trainer.note(hopeless ? 'warning' : 'stop', text);
          return text;
        }
        if (this.#state === 'paused') await this.#pause(run);
        else await this.step();
        await turns(); // let clicks, messages and the stop button through
      }
    } finally {
      signal?.removeEventListener('abort', stop);
      this.#run = undefined;
      this.#set('idle');
    }
  }

  /** Until the run is resumed or stopped, or an edit has made its last step. */
  #pause(run: Run): Promise<void> {
    return this.edits.during(
      new Promise<void>((resolve) => {
        run.wake = resolve;
        if (this.#state !== 'paused' || run.stop.signal.aborted) resolve();
      }),
    );
  }

  #set(state: RunState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.hooks.onState(state);
  }
}

function whyHopeless({ rows }: AnyTrainer): string {
  return (
    `the last ${HOPELESS} changed nothing (${rows.at(-1)!.skipped}). ` +
    'Lower epsilon or the rates; rewind goes back to a step where the loss was sound.'
  );
}
