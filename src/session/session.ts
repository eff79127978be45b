import { EventEmitter } from 'node:events';
import { ConfigError } from '../errors.ts';
import { describeBatch, type Task, type Tokenizer } from '../data/index.ts';
import type { Engine } from '../engine/index.ts';
import type { Llama, Parameter } from '../model/index.ts';
import { cellSignal, progress, stoppable } from '../notebook/index.ts';
import type { PanelHost, ProbeSettings } from '../panel/host.ts';
import { panelOf, type Panel } from '../panel/panel.ts';
import type { RunState } from '../panel/protocol.ts';
import type { Label, Partition, PartitionOptions, Selector } from '../partition/index.ts';
import type { BatchReport } from '../plot/index.ts';
import type { Profile, ProfileOptions } from '../profile/index.ts';
import {
  methods,
  Trainer,
  type Evaluation,
  type HistoryEvent,
  type HistoryRow,
  type MethodName,
  type ProbeRow,
  type StepOptions,
  type StepSettings,
  type TrainerEvents,
} from '../train/index.ts';
import type { AxisName, LossLine, LossPlane, SweepReport, VarianceReport } from '../variance/index.ts';
import { Autosave, type AutosaveOptions } from './autosave.ts';
import type { Base } from './base.ts';
import type { BatchSource } from './batches.ts';
import { saveRun, type Run, type SavedRun, type SaveOptions } from './checkpoint/index.ts';
import type { SessionConfig } from './config.ts';
import { EditQueue } from './edits.ts';
import { evaluateLoss, evaluateTask, type EvaluateOptions } from './evaluate.ts';
import type { SessionEvents } from './events.ts';
import { continueTexts, type Prompt, type TextOptions } from './generate.ts';
import { Probes } from './probes.ts';
import { Result } from './result.ts';
import { RunControl } from './run-control.ts';
import { shownRun, type RunOptions } from './run.ts';
import {
  trainerLines,
  trainerPlane,
  trainerSharpness,
  trainerSweep,
  type LandscapeOptions,
  type SessionSharpnessOptions,
  type SessionSweepOptions,
  type SharpnessFindings,
} from './laboratory.ts';
import { trainerVariance, type SessionVarianceOptions } from './variance.ts';
import {
  batchView,
  evaluationView,
  historyView,
  partitionView,
  profileView,
  varianceView,
  linesView,
  planeView,
  sharpnessView,
  sweepView,
  type History,
} from './views.ts';

/** What a session is made of. */
export interface SessionParts {
  engine: Engine;
  model: Llama;
  source: BatchSource;
  config: SessionConfig;
  /** Where the run's first weights can be read again. */
  base: Base;
}

/**
 * A model in training, held still between calls so that it can be looked at and changed. Calls run one after another;
 * while a background run (`start`) is going they are done between two of its steps. Edits take effect between steps.
 * Made by `open`.
 */
export class Session extends EventEmitter<SessionEvents> implements PanelHost {
  readonly engine: Engine;
  readonly model: Llama;
  readonly source: BatchSource;
  readonly config: SessionConfig;
  readonly #base: Base;
  readonly #trainer: Trainer;
  readonly #edits = new EditQueue();
  readonly #control: RunControl;
  readonly #probes: Probes;
  readonly #autosave: Autosave;
  #tail: Promise<unknown> = Promise.resolve();
  /** Of the background run, if there is one. */
  #background: AbortController | undefined;
  #rewinding: AbortController | undefined;
  #closed = false;

  constructor({ engine, model, source, config, base }: SessionParts) {
    super();
    this.engine = engine;
    this.model = model;
    this.source = source;
    this.config = config;
    this.#base = base;
    this.#trainer = new Trainer(
      model,
      (step) => source.at(step),
      { ...config, base: () => base.open() },
      this as unknown as EventEmitter<TrainerEvents>,
    );
    this.#probes = new Probes(this.#trainer);
    this.#control = new RunControl(this.#trainer, this.#edits, {
      onState: (state) => this.emit('state', state),
      afterStep: async (signal) => {
        const row = await this.#probes.measure(signal);
        if (row) this.emit('probe', row);
        await this.#autosave.afterStep();
      },
    });
    this.#autosave = new Autosave(this.#run);
    this.#trainer.note('open', this.toString());
    const { leftOut, maxLength } = source;
    if (leftOut > 0) {
      this.#trainer.note('open', `${leftOut} examples left out: completion longer than ${maxLength} tokens`);
    }
    for (const note of this.task.notes ?? []) this.#trainer.note('open', note);
  }

  /** A session that goes on where a saved one was; `open({ resume })` reads the folder. */
  static async resumed(
    parts: SessionParts,
    dir: string,
    { state, moments }: Awaited<ReturnType<SavedRun['restore']>>,
  ): Promise<Session> {
    const session = new Session(parts);
    try {
      await session.#trainer.restore(state, moments);
    } catch (error) {
      session.#trainer.dispose();
      throw error;
    }
    session.#trainer.note('open', `resumed at step ${session.steps} from ${dir}`);
    return session;
  }

  // ---- what it is

  /** Method, model, task and seed in one line. */
  get title(): string {
    const { method, modelName, seed } = this.config;
    return `${methods[method].title} on ${modelName}, task ${this.task.name}, seed ${seed}`;
  }

  get method(): MethodName {
    return this.config.method;
  }

  get task(): Task {
    return this.source.task;
  }

  get tokenizer(): Tokenizer {
    return this.source.tokenizer;
  }

  /** The model's tensors, in execution order. */
  get parameters(): readonly Parameter[] {
    return this.model.parameters.list;
  }

  /** Steps done. */
  get steps(): number {
    return this.#trainer.steps;
  }

  get settings(): Readonly<StepSettings> {
    return this.#trainer.settings;
  }

  /** The FO/ZO labels in force, once there are any. */
  get labels(): Partition | undefined {
    return this.#trainer.labels;
  }

  get lastProfile(): Profile | undefined {
    return this.#trainer.lastProfile;
  }

  /** Every step and every event so far. */
  get history(): Result<History> {
    return this.#historyFrom(0);
  }

  get rows(): readonly HistoryRow[] {
    return this.#trainer.rows;
  }

  get events(): readonly HistoryEvent[] {
    return this.#trainer.events;
  }

  override toString(): string {
    const s = this.settings;
    return (
      `${this.title}\n` +
      `  batch ${this.config.batchSize}, rate FO ${s.rateFO}, rate ZO ${s.rateZO}, epsilon ${s.epsilon}, alpha ${s.alpha}, ` +
      `${s.estimator}, q ${s.queries}, ${s.law}`
    );
  }

  // ---- training

  /** One training step; with a run going, one of its steps. */
  step(): Promise<HistoryRow> {
    return this.#exclusive(() => this.#control.step());
  }

  /** `steps` training steps with a live loss figure. Ends early, between steps, when it is stopped. */
  run(steps: number, options: RunOptions = {}): Promise<Result<History>> {
    checkSteps('run', steps);
    this.#assertNoBackground();
    return this.#exclusive(() =>
      stoppable(async (signal) => {
        const { show = this.config.show, onStep } = options;
        const first = this.steps;
        const order = { steps, signal, onStep };
        if (show) await shownRun(this.#control, this.#trainer, this.task.name, order);
        else await this.#control.go(order);
        return this.#historyFrom(first, show);
      }, options.signal),
    );
  }

  /**
   * Runs in the background, without displays, `steps` steps or until stopped. Resolves when the run has ended; one that
   * fails ends with a line in the history. Other calls are done between two of its steps.
   */
  start(steps?: number): Promise<void> {
    if (steps !== undefined) checkSteps('start', steps);
    this.#assertOpen();
    this.#assertNoBackground();
    const stop = new AbortController();
    const run = this.#queued(() => this.#control.go({ steps, signal: stop.signal }));
    this.#background = stop;
    return run
      .then(
        () => undefined,
        (error: unknown) => this.#trainer.note('warning', `the run ended: ${(error as Error).message}`),
      )
      .finally(() => (this.#background = undefined));
  }

  /** idle, running or paused. */
  get runState(): RunState {
    return this.#control.state;
  }

  /** Step at which the present run ends; undefined without a run or without an end. */
  get until(): number | undefined {
    return this.#control.until;
  }

  /** Holds the present run between two steps. */
  pause(): void {
    this.#control.pause();
  }

  /** Lets a paused run go on. */
  resume(): void {
    this.#control.resume();
  }

  /** Ends the present run between two steps. */
  stop(): void {
    this.#background?.abort(); // also one that still waits for its turn
    this.#rewinding?.abort();
    this.#control.stop();
  }

  /** One step between the edits; with a paused run, one of its steps. */
  async stepOnce(): Promise<void> {
    await this.between(() => this.#control.step());
  }

  // ---- edits

  /** Edits that wait for the end of the present step. */
  get pending(): number {
    return this.#edits.size;
  }

  /**
   * Does work between two steps: of the run that is going, or after the calls that were made before. In the order of the
   * calls. `work` must not await another call of the session.
   */
  between<T>(work: () => T | Promise<T>): Promise<T> {
    const done = this.#edits.add(work);
    this.#queued(() => this.#edits.drain()).catch((error: unknown) => this.#edits.refuse(error));
    return done;
  }

  /** Makes tensors FO from the next step on: a name, glob, RegExp, predicate or a list. */
  promote(selector: Selector): Result<Partition> {
    return this.#relabel(selector, 'FO');
  }

  /** Makes tensors ZO from the next step on; their moments are dropped. */
  demote(selector: Selector): Result<Partition> {
    return this.#relabel(selector, 'ZO');
  }

  /** Changes step options from the next step on. */
  set(options: StepOptions): this {
    this.#assertOpen();
    this.#trainer.set(options);
    return this;
  }

  /** `partition` as an edit: lands between two steps of a run. */
  async repartition(options: PartitionOptions): Promise<void> {
    await this.between(() => this.#trainer.partition(options));
  }

  /** `promote` or `demote` as an edit, in order with the others. */
  async relabel(selector: Selector, label: 'FO' | 'ZO'): Promise<void> {
    await this.between(() => this.#trainer.relabel(selector, label));
  }

  /** `set` as an edit, in order with the others. */
  change(options: StepOptions): Promise<void> {
    return this.between(() => this.#trainer.set(options));
  }

  /**
   * Measures, every n steps, the cosine of the ZO estimate with the true gradient and its variance, with `draws` estimates
   * each (default 8). `every: 0` turns it off. Rows are in `history.data.probes`.
   */
  probe({ every, draws = this.probes.draws }: { every: number; draws?: number }): this {
    this.#assertOpen();
    this.#probes.set({ every, draws });
    return this;
  }

  get probes(): Readonly<ProbeSettings> {
    return this.#probes.settings;
  }

  get probeRows(): readonly ProbeRow[] {
    return this.#trainer.probes;
  }

  setProbes(settings: ProbeSettings): void {
    this.probe(settings);
  }

  /** Steps that `rewind` can go back to. */
  get rewindable(): { from: number; to: number } | undefined {
    return this.#trainer.rewindable;
  }

  /**
   * Goes back to the beginning of a step, as an edit: weights, moments, labels and settings are those of that step, and
   * what came after it is gone from the history. Running on gives the same losses, bit by bit. Costs one replay of each
   * ZO update since the last snapshot and, where gradients have moved tensors, up to `snapshots.every` steps run again
   * (more where old snapshots were thinned out). `stop` and the stop button end it; then nothing has changed.
   */
  async rewind(step: number): Promise<void> {
    await this.between(async () => {
      const stop = (this.#rewinding = new AbortController());
      const pressed = cellSignal()?.aborted; // an old press of the stop button is not meant for this
      const work = (signal: AbortSignal | undefined) => this.#trainer.rewind(step, signal);
      await (pressed ? work(stop.signal) : stoppable(work, stop.signal));
    });
  }

  /** Profiles one batch between two steps. */
  async profileNow(): Promise<void> {
    await this.between(() => this.#trainer.profile());
  }

  /** The partition that `options` would give by the newest profile; changes nothing. Undefined before there is a profile. */
  preview(options: PartitionOptions = {}): Partition | undefined {
    return this.#trainer.preview(options);
  }

  // ---- looks

  /** Importance and cost of every tensor, averaged over `batches` training batches (default 1). Changes nothing. */
  profile(options: ProfileOptions & { batches?: number } = {}): Promise<Result<Profile>> {
    return this.#exclusive(async () => {
      const bar = this.#progress(options.batches ?? 1, 'profile', 'batch');
      try {
        const onBatch = (done: number, of: number, loss: number) => {
          bar?.update(done, { loss });
          options.onBatch?.(done, of, loss);
        };
        return new Result(await this.#trainer.profile({ ...options, onBatch }), profileView);
      } finally {
        bar?.done();
      }
    });
  }

  /** Chooses the FO tensors within the budget of `rho`; profiles first if that was not done. */
  partition(options: PartitionOptions = {}): Promise<Result<Partition>> {
    return this.#exclusive(async () => new Result(await this.#trainer.partition(options), partitionView));
  }

  /** Draws ZO estimates at the present weights on one training batch and holds them against theory. */
  variance(options: SessionVarianceOptions = {}): Promise<Result<VarianceReport>> {
    return this.#exclusive(() =>
      stoppable(async (signal) => {
        const bar = this.#progress(options.draws ?? 64, 'variance', 'draw');
        const onDraw = (done: number, of: number) => {
          bar?.update(done);
          options.onDraw?.(done, of);
        };
        try {
          const all = { ...options, ...(signal && { signal }), onDraw };
          return new Result(await trainerVariance(this.#trainer, all), varianceView);
        } finally {
          bar?.done();
        }
      }, options.signal),
    );
  }

  /** The variance at each value of an axis: epsilon, rank, law, estimator, batch, length or output; else as `variance`. */
  sweep(
    axis: AxisName,
    values: readonly (number | string)[],
    options: SessionSweepOptions = {},
  ): Promise<Result<SweepReport>> {
    return this.#measured(values.length, axis, options.signal, options.onPoint, async (signal, onPoint) => {
      return new Result(
        await trainerSweep(this.#trainer, axis, values, { ...options, ...signal, onPoint }),
        sweepView,
      );
    });
  }

  /** The loss along a random direction and along the gradient, with the smoothed loss of `epsilon` when that is given. */
  landscape(options: LandscapeOptions = {}): Promise<Result<LossLine[]>> {
    const points = 2 * (options.points ?? 21);
    return this.#measured(points, 'landscape', options.signal, options.onPoint, async (signal, onPoint) => {
      return new Result(await trainerLines(this.#trainer, { ...options, ...signal, onPoint }), linesView);
    });
  }

  /** The loss on the plane of a random direction and the gradient. */
  plane(options: LandscapeOptions = {}): Promise<Result<LossPlane>> {
    const points = (options.points ?? 15) ** 2;
    return this.#measured(points, 'plane', options.signal, options.onPoint, async (signal, onPoint) => {
      return new Result(await trainerPlane(this.#trainer, { ...options, ...signal, onPoint }), planeView);
    });
  }

  /** Trace, largest eigenvalue and effective rank of the Hessian, and how much the loss rises nearby. */
  sharpness(options: SessionSharpnessOptions = {}): Promise<Result<SharpnessFindings>> {
    const products = (options.probes ?? 16) + (options.steps ?? 12);
    return this.#measured(
      products,
      'sharpness',
      options.signal,
      options.onProduct,
      async (signal, onProduct) => {
        const found = await trainerSharpness(this.#trainer, { ...options, ...signal, onProduct });
        return new Result(found, sharpnessView);
      },
    );
  }

  /** Generates completions for held-out examples and scores them. */
  evaluate(options: EvaluateOptions = {}): Promise<Result<Evaluation>> {
    return this.#exclusive(() =>
      stoppable(async (signal) => {
        await this.engine.activate();
        const examples = Math.min(options.examples ?? 64, this.source[options.split ?? 'test'].length);
        const bar = this.#progress(examples, 'evaluate', 'example');
        const onProgress = (done: number, of: number) => {
          bar?.update(done);
          options.onProgress?.(done, of);
        };
        try {
          const all = { ...options, signal, onProgress };
          const found = await evaluateTask(this.model, this.source, this.steps, all);
          const { values, primary } = found.scores;
          const text = `${primary} ${values[primary]!.toFixed(3)}, loss ${found.loss.toFixed(3)}`;
          this.#trainer.note('evaluate', text);
          this.emit('evaluation', found);
          return new Result(found, evaluationView);
        } finally {
          bar?.done();
        }
      }, options.signal),
    );
  }

  /** Mean loss over the first `examples` held-out examples (default 64). */
  heldOutLoss(examples = 64): Promise<number> {
    return this.#exclusive(async () => {
      await this.engine.activate();
      return evaluateLoss(this.model, this.source, this.source.test.slice(0, examples));
    });
  }

  /**
   * Continues prompts, greedily or as `options` say (temperature, beams, ...). A prompt may be a conversation, which the model's
   * chat template writes.
   */
  generate(prompts: Prompt | readonly Prompt[], options: TextOptions = {}): Promise<string[]> {
    return this.#exclusive(() =>
      stoppable(
        (signal) => continueTexts(this.model, this.source, prompts, { ...options, signal }),
        options.signal,
      ),
    );
  }

  /** The training examples of a step (the next one by default), with the tokens marked that the loss is taken on. */
  batch(step = this.steps): Result<BatchReport> {
    this.#assertOpen();
    const rows = describeBatch(this.source.at(step), this.tokenizer);
    return new Result({ step, task: this.task.name, rows }, batchView);
  }

  // ---- its end

  /**
   * Writes a Hugging Face folder that loads anywhere and that `open({ resume: dir })` goes on from, bit for bit on the same
   * engine. A folder that was there is replaced whole or not at all, even when the process is killed.
   */
  save(dir: string, options: SaveOptions = {}): Promise<void> {
    return this.#exclusive(async () => {
      await saveRun(this.#run, dir, options);
      this.#trainer.note('save', dir);
    });
  }

  /** Saves to `dir` after every n-th step of any run from now on; `every: 0` turns it off. A save that fails is a line in the history. */
  autosave(options: AutosaveOptions): this {
    this.#assertOpen();
    this.#autosave.set(options);
    return this;
  }

  /** Adds a warning to the history. */
  warn(text: string): void {
    this.#trainer.note('warning', text);
  }

  /** Ends a background run and frees the model and the moments. */
  close(): Promise<void> {
    this.#background?.abort();
    return this.#queued(() => {
      this.#closed = true;
      this.#trainer.dispose();
      this.emit('closed');
      return Promise.resolve();
    });
  }

  get #run(): Run {
    return { trainer: this.#trainer, source: this.source, config: this.config, base: this.#base };
  }

  #historyFrom(first: number, shown = false): Result<History> {
    const { rows, events } = this.#trainer;
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

  #relabel(selector: Selector, label: Label): Result<Partition> {
    this.#assertOpen();
    return new Result(this.#trainer.relabel(selector, label), partitionView);
  }

  /** Runs a measurement with a progress bar that also tells the caller's own listener. */
  #measured<T>(
    total: number,
    label: string,
    outer: AbortSignal | undefined,
    listener: ((done: number, of: number) => void) | undefined,
    work: (signal: { signal?: AbortSignal }, onDone: (done: number, of: number) => void) => Promise<T>,
  ): Promise<T> {
    return this.#exclusive(() =>
      stoppable(async (signal) => {
        const bar = this.#progress(total, label, 'point');
        try {
          return await work(signal ? { signal } : {}, (done, of) => {
            bar?.update(done);
            listener?.(done, of);
          });
        } finally {
          bar?.done();
        }
      }, outer),
    );
  }

  #progress(total: number, label: string, unit: string) {
    return this.config.show ? progress({ total, label, unit }) : undefined;
  }

  /** Runs calls one after another, whatever the caller awaits; during a background run, between its steps. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#background ? this.between(work) : this.#queued(work);
  }

  #queued<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#tail.then(() => {
      this.#assertOpen();
      return work();
    });
    this.#tail = next.catch(() => undefined);
    return next;
  }

  #assertNoBackground(): void {
    if (this.#background) throw new ConfigError('A run is going in the background: stop() it first.');
  }

  #assertOpen(): void {
    if (this.#closed) throw new ConfigError('The session is closed. Open another with open().');
  }

  /** The live panel of this session, to be left as a cell's last expression or shown with `.show()`. Always the same one. */
  panel(): Panel {
    return panelOf(this);
  }
}

function checkSteps(call: string, steps: number): void {
  if (!Number.isSafeInteger(steps) || steps < 1) {
    throw new ConfigError(`${call}(${steps}): give the number of steps, a whole number from 1 on.`);
  }
}
