import { EventEmitter } from 'node:events';
import type { Tensor } from '@tensorflow/tfjs';
import { ConfigError } from '../errors.ts';
import type { Task, Tokenizer } from '../data/index.ts';
import type { Engine } from '../engine/index.ts';
import { DeviceBatch, generate, type Llama, type Parameter } from '../model/index.ts';
import { liveFigure, progress, stoppable } from '../notebook/index.ts';
import { AdamW } from '../optimize/index.ts';
import { Partition, type Label, type PartitionOptions, type Selector } from '../partition/index.ts';
import { historyText, liveLossFigure } from '../plot/index.ts';
import { profileModel, type Profile, type ProfileOptions } from '../profile/index.ts';
import {
  hiZfoStep,
  methods,
  stepCost,
  stepSettings,
  type Evaluation,
  type HistoryEvent,
  type HistoryRow,
  type MethodName,
  type StepOptions,
  type StepSettings,
} from '../train/index.ts';
import {
  measureVariance,
  modelObjective,
  type VarianceOptions,
  type VarianceReport,
} from '../variance/index.ts';
import type { BatchSource } from './batches.ts';
import { evaluateLoss, evaluateTask, type EvaluateOptions } from './evaluate.ts';
import type { SessionEvents } from './events.ts';
import { Result } from './result.ts';
import { saveSession } from './save.ts';
import { evaluationView, historyView, partitionView, profileView, varianceView } from './views.ts';

/** All that a session is opened with, defaults filled in. */
export interface SessionConfig {
  modelName: string;
  /** Folder the model was read from. */
  modelDir: string;
  method: MethodName;
  seed: number;
  batchSize: number;
  maxLength: number;
  /** Step options as given or preset, before defaults. */
  step: StepOptions;
  /** Share of a step's FLOPs for the partition, unless `partition()` is told another. */
  rho: number;
  /** Show progress and live figures. */
  show: boolean;
}

/** Options of `run`. */
export interface RunOptions {
  /** Ends the run between steps; the notebook's stop button does too. */
  signal?: AbortSignal;
  /** Show progress and a live loss figure; defaults to the session's `show`. */
  show?: boolean;
  /** Probe the held-out loss every so many steps; off by default. */
  onStep?: (row: HistoryRow) => void | Promise<void>;
}

/**
 * A model in training, held still between calls so that it can be looked at and changed. Calls run one after another;
 * edits take effect between steps. Made by `open`.
 */
export class Session extends EventEmitter<SessionEvents> {
  #settings: StepSettings;
  #partition: Partition | undefined;
  #profile: Profile | undefined;
  #rows: HistoryRow[] = [];
  #events: HistoryEvent[] = [];
  #optimizer: AdamW;
  #tail: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(
    readonly engine: Engine,
    readonly model: Llama,
    readonly source: BatchSource,
    readonly config: SessionConfig,
  ) {
    super();
    this.#settings = stepSettings({ ...methods[config.method].step, ...config.step });
    this.#optimizer = new AdamW(engine, this.#settings.adamw);
    const { labelling } = methods[config.method];
    if (labelling.by === 'all') this.#partition = Partition.uniform(model.parameters.list, labelling.label);
    this.#note('open', this.toString());
    const { leftOut, maxLength } = source;
    if (leftOut > 0)
      this.#note('open', `${leftOut} examples left out: completion longer than ${maxLength} tokens`);
  }

  get task(): Task {
    return this.source.task;
  }

  get tokenizer(): Tokenizer {
    return this.source.tokenizer;
  }

  /** Steps done. */
  get steps(): number {
    return this.#rows.length;
  }

  get settings(): Readonly<StepSettings> {
    return this.#settings;
  }

  /** The FO/ZO labels in force, once there are any. */
  get labels(): Partition | undefined {
    return this.#partition;
  }

  /** Every step and every event so far. */
  get history(): Result<{ rows: readonly HistoryRow[]; events: readonly HistoryEvent[] }> {
    return new Result({ rows: [...this.#rows], events: [...this.#events] }, historyView);
  }

  /** Importance and cost of every tensor, averaged over `batches` training batches (default 1). Changes nothing. */
  profile(options: ProfileOptions & { batches?: number } = {}): Promise<Result<Profile>> {
    return this.#exclusive(async () => {
      await this.#profileNow(options);
      return new Result(this.#profile!, profileView);
    });
  }

  /** Chooses the FO tensors within the budget of `rho`; profiles first if that was not done. */
  partition(options: PartitionOptions = {}): Promise<Result<Partition>> {
    return this.#exclusive(async () => {
      await this.#partitionNow(options);
      return new Result(this.#partition!, partitionView);
    });
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
    this.#settings = stepSettings({ ...this.#settings, ...options });
    const changed = Object.entries(options).map(([k, v]) => `${k} = ${JSON.stringify(v)}`);
    this.#note('settings', changed.join(', '));
    return this;
  }

  /** One training step. */
  step(): Promise<HistoryRow> {
    return this.#exclusive(() => this.#stepNow());
  }

  /** `steps` training steps with a live loss figure. Ends early, between steps, when it is stopped. */
  run(
    steps: number,
    options: RunOptions = {},
  ): Promise<Result<{ rows: readonly HistoryRow[]; events: readonly HistoryEvent[] }>> {
    if (!Number.isSafeInteger(steps) || steps < 1) {
      throw new ConfigError(`run(${steps}): give the number of steps, a whole number from 1 on.`);
    }
    return this.#exclusive(() => stoppable((signal) => this.#runNow(steps, options, signal), options.signal));
  }

  /**
   * Draws ZO estimates at the present weights on one training batch and holds them against theory. By default along the
   * ZO tensors in force, with the session's estimator.
   */
  variance(
    options: VarianceOptions & { batch?: number; along?: Selector } = {},
  ): Promise<Result<VarianceReport>> {
    return this.#exclusive(() =>
      stoppable(async (signal) => {
        await this.engine.activate();
        if (!this.#partition) await this.#partitionNow({});
        const parameters = options.along
          ? Partition.of(this.model.parameters.list, options.along).with('FO')
          : this.#partition!.with('ZO');
        const batch = new DeviceBatch(this.source.at(options.batch ?? this.steps), this.model.config);
        const bar = this.config.show
          ? progress({ total: options.draws ?? 64, label: 'variance', unit: 'draw' })
          : undefined;
        try {
          const { estimator, epsilon, law } = this.#settings;
          const report = await measureVariance(modelObjective(this.model, batch, parameters), {
            estimator,
            epsilon,
            law,
            seed: this.config.seed,
            ...options,
            ...(signal && { signal }),
            onDraw: (done, of) => {
              bar?.update(done);
              options.onDraw?.(done, of);
            },
          });
          return new Result(report, varianceView);
        } finally {
          bar?.done();
          batch.dispose();
        }
      }, options.signal),
    );
  }

  /** Generates completions for held-out examples and scores them. */
  evaluate(options: EvaluateOptions = {}): Promise<Result<Evaluation>> {
    return this.#exclusive(() =>
      stoppable(async (signal) => {
        await this.engine.activate();
        const total = Math.min(options.examples ?? 64, this.source.test.length);
        const bar = this.config.show ? progress({ total, label: 'evaluate', unit: 'example' }) : undefined;
        try {
          const onProgress = (done: number, of: number) => {
            bar?.update(done);
            options.onProgress?.(done, of);
          };
          const found = await evaluateTask(this.model, this.source, this.steps, {
            ...options,
            signal,
            onProgress,
          });
          const score = found.scores.values[found.scores.primary]!;
          this.#note(
            'evaluate',
            `${found.scores.primary} ${score.toFixed(3)}, loss ${found.loss.toFixed(3)}`,
          );
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

  /** Greedy completions of prompts. */
  generate(prompts: string | readonly string[], options: { maxNewTokens?: number } = {}): Promise<string[]> {
    const list = typeof prompts === 'string' ? [prompts] : prompts;
    return this.#exclusive(async () => {
      const { eos, pad } = this.tokenizer;
      const ids = list.map((text) => this.tokenizer.encode(text));
      const maxNewTokens = options.maxNewTokens ?? this.task.maxNewTokens;
      const rows = await generate(this.model, ids, { maxNewTokens, eos, pad });
      return rows.map((row) => this.tokenizer.decode(row));
    });
  }

  /** Writes the weights as a Hugging Face folder, with settings, labels and history beside them; all of it or nothing. */
  save(dir: string): Promise<void> {
    return this.#exclusive(async () => {
      await saveSession(this, dir);
      this.#note('save', dir);
    });
  }

  /** Frees the model and the moments. */
  close(): Promise<void> {
    return this.#exclusive(() => {
      this.#closed = true;
      this.#optimizer.dispose();
      this.model.dispose();
      this.emit('closed');
      return Promise.resolve();
    });
  }

  override toString(): string {
    const { method, modelName, seed, batchSize } = this.config;
    const s = this.#settings;
    return (
      `${methods[method].title} on ${modelName}, task ${this.task.name}, seed ${seed}\n` +
      `  batch ${batchSize}, rate FO ${s.rateFO}, rate ZO ${s.rateZO}, epsilon ${s.epsilon}, alpha ${s.alpha}, ` +
      `${s.estimator}, q ${s.queries}, ${s.law}`
    );
  }

  async #profileNow(options: ProfileOptions & { batches?: number }): Promise<void> {
    const { batches = 1, ...rest } = options;
    if (!Number.isSafeInteger(batches) || batches < 1) {
      throw new ConfigError(`profile(): batches is ${batches}; give a whole number from 1 on.`);
    }
    await this.engine.activate();
    const bar = this.config.show ? progress({ total: batches, label: 'profile', unit: 'batch' }) : undefined;
    try {
      const trial = (p: Parameter, w: Tensor, g: Tensor) =>
        this.#optimizer.tried(p, w, g, this.#settings.rateFO);
      const tokens = Array.from({ length: batches }, (_, i) => this.source.at(this.steps + i));
      const onBatch = (done: number, of: number, loss: number) => {
        bar?.update(done, { loss });
        rest.onBatch?.(done, of, loss);
      };
      this.#profile = await profileModel(this.model, tokens, trial, { ...rest, onBatch });
    } finally {
      bar?.done();
    }
    this.#note(
      'profile',
      `${batches} batch${batches > 1 ? 'es' : ''}, loss ${this.#profile.lossBefore.toFixed(4)}`,
    );
    this.emit('profile', this.#profile);
  }

  async #partitionNow(options: PartitionOptions): Promise<void> {
    const { labelling } = methods[this.config.method];
    const rest = labelling.by === 'budget' ? labelling.rest : 'ZO';
    const { rho = this.config.rho } = options;
    if (!this.#profile) await this.#profileNow({});
    this.#label(Partition.solve(this.#profile!, { rest, ...options, rho }), 'partition', `rho ${rho}`);
  }

  #relabel(selector: Selector, label: Label): Result<Partition> {
    const from = this.#partition ?? Partition.uniform(this.model.parameters.list, 'ZO');
    const next = from.relabel(selector, label);
    this.#label(next, 'edit', next.edits.at(-1)!);
    return new Result(next, partitionView);
  }

  #label(next: Partition, kind: 'partition' | 'edit', text: string): void {
    this.#partition = next;
    this.#note(kind, text);
    if (kind === 'partition' && next.budget?.warning) this.#note(kind, next.budget.warning);
    this.emit('partition', next);
  }

  async #stepNow(): Promise<HistoryRow> {
    await this.engine.activate();
    if (!this.#partition) await this.#partitionNow({});
    const partition = this.#partition!;
    const settings = this.#settings;
    for (const p of this.#optimizer.held) {
      const moves =
        partition.labelOf(p) === 'FO' || (partition.labelOf(p) === 'ZO' && settings.updateZO === 'adamw');
      if (!moves) this.#optimizer.forget(p);
    }
    const { model, engine } = this;
    const step = this.steps;
    const started = performance.now();
    const batch = new DeviceBatch(this.source.at(step), model.config);
    try {
      const input = {
        model,
        partition,
        batch,
        settings,
        optimizer: this.#optimizer,
        seed: this.config.seed,
        step,
      };
      const cost = stepCost(model, partition, settings, batch);
      const r = await hiZfoStep(input);
      const { sizeFO, sizeZO } = partition.summary();
      const last = this.#rows.at(-1);
      const stepSeconds = (performance.now() - started) / 1000;
      const coefficient = r.coefficients.reduce((a, c) => a + c, 0) / r.coefficients.length;
      const energy = r.coefficients.reduce((a, c) => a + c * c, 0);
      const row: HistoryRow = Object.freeze({
        step,
        loss: r.loss,
        perturbedLoss: r.perturbedLoss,
        coefficient,
        gradientNorm: r.gradientNorm,
        estimateNorm: r.coefficients.length ? Math.sqrt(energy * sizeZO) / r.coefficients.length : NaN,
        skipped: r.skipped ?? '',
        sizeFO,
        sizeZO,
        forwardPasses: (last?.forwardPasses ?? 0) + cost.forwardPasses,
        flops: (last?.flops ?? 0) + cost.flops,
        seconds: (last?.seconds ?? 0) + stepSeconds,
        stepSeconds,
        tensorBytes: engine.memory().bytes,
        residentBytes: process.memoryUsage.rss(),
      });
      this.#rows.push(row);
      if (r.skipped) this.#note('skip', `step ${step} changed nothing: ${r.skipped}`);
      this.emit('step', row);
      return row;
    } finally {
      batch.dispose();
    }
  }

  async #runNow(steps: number, options: RunOptions, signal: AbortSignal | undefined) {
    const { show = this.config.show, onStep } = options;
    const bar = show ? progress({ total: steps, label: this.task.name }) : undefined;
    const live = show ? liveFigure({ text: () => historyText(this.#rows) }) : undefined;
    const first = this.steps;
    this.emit('run', 'started');
    try {
      while (this.steps < first + steps) {
        if (signal?.aborted) {
          this.#note('stop', `stopped after ${this.steps - first} of ${steps} steps`);
          break;
        }
        const row = await this.#stepNow();
        bar?.update(this.steps - first, { loss: Number.isNaN(row.loss) ? row.perturbedLoss : row.loss });
        live?.update(liveLossFigure(this.#rows));
        await onStep?.(row);
        await new Promise(setImmediate); // let clicks and the stop button through
      }
    } finally {
      bar?.done();
      await live?.done(this.#rows.length ? liveLossFigure(this.#rows) : undefined);
      this.emit('run', 'ended');
    }
    const events = this.#events.filter((e) => e.step >= first);
    return new Result({ rows: this.#rows.slice(first), events }, historyView, show);
  }

  #note(kind: HistoryEvent['kind'], text: string): void {
    const event = Object.freeze({ step: this.steps, kind, text });
    this.#events.push(event);
    this.emit('event', event);
  }

  /** Runs calls one after another, whatever the caller awaits. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#tail.then(() => {
      if (this.#closed) throw new ConfigError('The session is closed. Open another with open().');
      return work();
    });
    this.#tail = next.catch(() => undefined);
    return next;
  }
}
