import { EventEmitter } from 'node:events';
import { ConfigError } from '../errors.ts';
import type { Task, Tokenizer } from '../data/index.ts';
import type { Engine } from '../engine/index.ts';
import { DeviceBatch, generate, type Llama } from '../model/index.ts';
import { progress, stoppable } from '../notebook/index.ts';
import {
  type Label,
  type Partition,
  type PartitionOptions,
  type Selector,
  selectParameters,
} from '../partition/index.ts';
import type { Profile, ProfileOptions } from '../profile/index.ts';
import {
  methods,
  Trainer,
  type Evaluation,
  type HistoryRow,
  type MethodName,
  type StepOptions,
  type StepSettings,
  type TrainerEvents,
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
import { runSteps, type RunOptions } from './run.ts';
import { saveSession } from './save.ts';
import {
  evaluationView,
  historyView,
  partitionView,
  profileView,
  varianceView,
  type History,
} from './views.ts';

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

/** Options of `variance` beyond those of the measurement. */
export interface SessionVarianceOptions extends VarianceOptions {
  /** Training step whose batch is used; defaults to the next one. */
  batch?: number;
  /** Tensors to draw along; defaults to the ZO tensors in force. */
  along?: Selector;
}

/**
 * A model in training, held still between calls so that it can be looked at and changed. Calls run one after another;
 * edits take effect between steps. Made by `open`.
 */
export class Session extends EventEmitter<SessionEvents> {
  readonly #trainer: Trainer;
  #tail: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(
    readonly engine: Engine,
    readonly model: Llama,
    readonly source: BatchSource,
    readonly config: SessionConfig,
  ) {
    super();
    this.#trainer = new Trainer(
      model,
      (step) => source.at(step),
      config,
      this as unknown as EventEmitter<TrainerEvents>,
    );
    this.#trainer.note('open', this.toString());
    const { leftOut, maxLength } = source;
    if (leftOut > 0) {
      this.#trainer.note('open', `${leftOut} examples left out: completion longer than ${maxLength} tokens`);
    }
  }

  get task(): Task {
    return this.source.task;
  }

  get tokenizer(): Tokenizer {
    return this.source.tokenizer;
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

  /** Every step and every event so far. */
  get history(): Result<History> {
    return this.#historyFrom(0);
  }

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

  /** One training step. */
  step(): Promise<HistoryRow> {
    return this.#exclusive(() => this.#trainer.step());
  }

  /** `steps` training steps with a live loss figure. Ends early, between steps, when it is stopped. */
  run(steps: number, options: RunOptions = {}): Promise<Result<History>> {
    if (!Number.isSafeInteger(steps) || steps < 1) {
      throw new ConfigError(`run(${steps}): give the number of steps, a whole number from 1 on.`);
    }
    return this.#exclusive(() => stoppable((signal) => this.#run(steps, options, signal), options.signal));
  }

  /** Draws ZO estimates at the present weights on one training batch and holds them against theory. */
  variance(options: SessionVarianceOptions = {}): Promise<Result<VarianceReport>> {
    const { batch: at, along, signal: outer, onDraw, ...rest } = options;
    return this.#exclusive(() =>
      stoppable(async (signal) => {
        await this.engine.activate();
        const labels = await this.#trainer.ensureLabels();
        const moved = along ? selectParameters(this.model.parameters.list, along) : labels.with('ZO');
        const { estimator, epsilon, law } = this.settings;
        const batch = new DeviceBatch(this.source.at(at ?? this.steps), this.model.config);
        const bar = this.#progress(rest.draws ?? 64, 'variance', 'draw');
        try {
          const report = await measureVariance(modelObjective(this.model, batch, moved), {
            estimator,
            epsilon,
            law,
            seed: this.config.seed,
            ...rest,
            ...(signal && { signal }),
            onDraw: (done, of) => {
              bar?.update(done);
              onDraw?.(done, of);
            },
          });
          return new Result(report, varianceView);
        } finally {
          bar?.done();
          batch.dispose();
        }
      }, outer),
    );
  }

  /** Generates completions for held-out examples and scores them. */
  evaluate(options: EvaluateOptions = {}): Promise<Result<Evaluation>> {
    return this.#exclusive(() =>
      stoppable(async (signal) => {
        await this.engine.activate();
        const bar = this.#progress(
          Math.min(options.examples ?? 64, this.source.test.length),
          'evaluate',
          'example',
        );
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
          this.#trainer.note(
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
      this.#trainer.note('save', dir);
    });
  }

  /** Frees the model and the moments. */
  close(): Promise<void> {
    return this.#exclusive(() => {
      this.#closed = true;
      this.#trainer.dispose();
      this.emit('closed');
      return Promise.resolve();
    });
  }

  override toString(): string {
    const { method, modelName, seed, batchSize } = this.config;
    const s = this.settings;
    return (
      `${methods[method].title} on ${modelName}, task ${this.task.name}, seed ${seed}\n` +
      `  batch ${batchSize}, rate FO ${s.rateFO}, rate ZO ${s.rateZO}, epsilon ${s.epsilon}, alpha ${s.alpha}, ` +
      `${s.estimator}, q ${s.queries}, ${s.law}`
    );
  }

  async #run(steps: number, options: RunOptions, signal: AbortSignal | undefined): Promise<Result<History>> {
    const { show = this.config.show, onStep } = options;
    const first = this.steps;
    this.emit('run', 'started');
    try {
      await runSteps(this.#trainer, this.task.name, steps, { show, onStep, signal });
    } finally {
      this.emit('run', 'ended');
    }
    return this.#historyFrom(first, show);
  }

  #historyFrom(first: number, shown = false): Result<History> {
    const { rows, events } = this.#trainer;
    return new Result(
      { rows: rows.slice(first), events: events.filter((e) => e.step >= first) },
      historyView,
      shown,
    );
  }

  #relabel(selector: Selector, label: Label): Result<Partition> {
    this.#assertOpen();
    return new Result(this.#trainer.relabel(selector, label), partitionView);
  }

  #progress(total: number, label: string, unit: string) {
    return this.config.show ? progress({ total, label, unit }) : undefined;
  }

  /** Runs calls one after another, whatever the caller awaits. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#tail.then(() => {
      this.#assertOpen();
      return work();
    });
    this.#tail = next.catch(() => undefined);
    return next;
  }

  #assertOpen(): void {
    if (this.#closed) throw new ConfigError('The session is closed. Open another with open().');
  }
}
