import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import { ConfigError } from '../errors.ts';
import type { Engine } from '../engine/index.ts';
import type { Parameter, Trainable } from '../model/index.ts';
import type { Partition } from '../partition/index.ts';
import type { Profile } from '../profile/index.ts';
import {
  methods,
  Trainer,
  type AnyTrainer,
  type HistoryEvent,
  type HistoryRow,
  type MethodName,
  type ProbeRow,
  type StepSettings,
  type TrainerEvents,
} from '../train/index.ts';
import { Autosave } from './autosave.ts';
import { CallOrder } from './call-order.ts';
import type { ModelFiles, ModelFilesOptions, Run, RunBase } from './checkpoint/index.ts';
import type { RunConfig } from './config.ts';
import type { SessionEvents } from './events.ts';
import { Probes } from './probes.ts';
import { Result } from './result.ts';
import { RunControl } from './run-control.ts';
import type { RunSource } from './source.ts';
import { historyView, type History } from './views.ts';

/** What a session is made of. */
export interface SessionParts<Model = Trainable, Source = RunSource, Config = RunConfig> {
  engine: Engine;
  model: Model;
  source: Source;
  config: Config;
  /** Where the run's first weights can be read again. */
  base: RunBase;
}

/** What a session is, from its parts to its end. */
export abstract class SessionCore<
  Model extends Trainable = Trainable,
  Source extends RunSource = RunSource,
  Config extends RunConfig = RunConfig,
> extends EventEmitter<SessionEvents> {
  readonly engine: Engine;
  readonly model: Model;
  readonly source: Source;
  readonly config: Config;
  protected readonly trainer: AnyTrainer;
  protected readonly control: RunControl;
  protected readonly prober: Probes;
  protected readonly saver: Autosave;
  /** Ends the background run, if there is one. */
  protected stopBackground: AbortController | undefined;
  readonly #base: RunBase;
  readonly #calls = new CallOrder(() => this.assertOpen());
  #closed = false;
  #closing: Promise<void> | undefined;

  constructor({ engine, model, source, config, base }: SessionParts<Model, Source, Config>) {
    super();
    this.engine = engine;
    this.model = model;
    this.source = source;
    this.config = config;
    this.#base = base;
    this.trainer = new Trainer<unknown>(
      model,
      (step) => source.at(step),
      { ...config, base: () => base.open() },
      this as unknown as EventEmitter<TrainerEvents>,
    );
    this.prober = new Probes(this.trainer);
    this.control = new RunControl(this.trainer, this.#calls.edits, {
      onState: (state) => this.emit('state', state),
      afterStep: async (signal) => {
        const row = await this.prober.measure(signal);
        if (row) this.emit('probe', row);
        await this.saver.afterStep();
      },
    });
    this.saver = new Autosave(this.saved);
    this.trainer.note('open', this.toString());
    for (const note of source.notes) this.trainer.note('open', note);
  }

  // ---- what it is

  /** Method, model, task and seed in one line. */
  get title(): string {
    const { method, modelName, seed } = this.config;
    return `${methods[method].title} on ${modelName}, ${this.source.title}, seed ${seed}`;
  }

  get method(): MethodName {
    return this.config.method;
  }

  /** The model's tensors, in execution order. */
  get parameters(): readonly Parameter[] {
    return this.model.parameters.list;
  }

  /** Steps done. */
  get steps(): number {
    return this.trainer.steps;
  }

  get settings(): Readonly<StepSettings> {
    return this.trainer.settings;
  }

  /** The FO/ZO labels in force, once there are any. */
  get labels(): Partition | undefined {
    return this.trainer.labels;
  }

  get lastProfile(): Profile | undefined {
    return this.trainer.lastProfile;
  }

  /** Every step and every event so far. */
  get history(): Result<History> {
    return this.historyFrom(0);
  }

  get rows(): readonly HistoryRow[] {
    return this.trainer.rows;
  }

  get events(): readonly HistoryEvent[] {
    return this.trainer.events;
  }

  get probeRows(): readonly ProbeRow[] {
    return this.trainer.probes;
  }

  override toString(): string {
    const s = this.settings;
    const { batchSize } = this.config;
    return (
      `${this.title}\n` +
      (Number.isNaN(batchSize) ? '  ' : `  batch ${batchSize}, `) +
      `rate FO ${s.rateFO}, rate ZO ${s.rateZO}, epsilon ${s.epsilon}, alpha ${s.alpha}, ` +
      `${s.estimator}, q ${s.queries}, ${s.law}${s.recompute ? ', activations recomputed' : ''}` +
      (s.microBatch === Infinity ? '' : `, ${s.microBatch} rows at a time`)
    );
  }

  /** A session that ends a cell (`s.set(...)`) says what it is. */
  [inspect.custom](): string {
    return this.toString();
  }

  /** As in any emitter, but a listener that throws ends no step and no other listener: it is reported. */
  override emit<K>(
    name: keyof SessionEvents | K,
    ...args: K extends keyof SessionEvents ? SessionEvents[K] : never
  ): boolean {
    const listeners = this.rawListeners(name as keyof SessionEvents);
    for (const listener of listeners) {
      try {
        Reflect.apply(listener, this, args);
      } catch (error) {
        console.error(`hi-zfo: a listener of '${String(name)}' failed:`, error);
      }
    }
    return listeners.length > 0;
  }

  /** Edits that wait for the end of the present step. */
  get pending(): number {
    return this.#calls.edits.size;
  }

  /**
   * Does work between two steps: of the run that is going, or after the calls that were made before. In the order of the
   * calls. `work` must not await another call of the session.
   */
  between<T>(work: () => T | Promise<T>): Promise<T> {
    return this.#calls.between(work);
  }

  /**
   * Ends a run that goes in the background or holds, and frees the model and the moments once the calls before are done. Closing
   * again does nothing.
   */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  #end(): Promise<void> {
    this.stopBackground?.abort();
    if (this.control.state === 'paused') this.control.stop();
    return this.queued(() => {
      this.#closed = true;
      this.trainer.dispose();
      this.source.dispose?.();
      this.emit('closed');
      return Promise.resolve();
    });
  }

  protected get saved(): Run {
    const { trainer, source, config } = this;
    return { trainer, source, config, base: this.#base, modelFiles: (how) => this.modelFiles(how) };
  }

  /** The model as files, to be written to a saved run. */
  protected abstract modelFiles(options: ModelFilesOptions): Promise<ModelFiles>;

  protected historyFrom(first: number, shown = false): Result<History> {
    const { rows, events } = this.trainer;
    return new Result(
      {
        rows: rows.slice(first),
        events: events.filter((e) => e.step >= first),
        probes: this.probeRows.filter((p) => p.step >= first),
      },
      historyView,
      shown,
    );
  }

  /**
   * Runs calls one after another, whatever the caller awaits; during a background run, between its steps. A run waits for
   * its `onStep`, so what that calls is done at once and not after the run.
   */
  protected exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.stopBackground || this.control.inCallback ? this.between(work) : this.queued(work);
  }

  protected queued<T>(work: () => Promise<T>): Promise<T> {
    return this.#calls.queued(work);
  }

  protected assertNoRun(): void {
    if (this.stopBackground) throw new ConfigError('A run is going in the background: stop() it first.');
    if (this.control.inCallback) throw new ConfigError('A run is going: onStep cannot begin another.');
  }

  protected assertOpen(): void {
    if (this.#closed) throw new ConfigError('The session is closed. Open another with open().');
  }
}
