import { inspect } from 'node:util';
import { ConfigError } from '../errors.ts';
import { cellSignal, stoppable } from '../notebook/index.ts';
import type { ProbeSettings } from '../panel/host.ts';
import type { RunState } from '../panel/protocol.ts';
import type { Label, Partition, PartitionOptions, Selector } from '../partition/index.ts';
import type { Trainable } from '../model/index.ts';
import type { HistoryRow, StepOptions } from '../train/index.ts';
import type { AutosaveOptions } from './autosave.ts';
import { saveRun, type SavedRun, type SaveOptions } from './checkpoint/index.ts';
import { checkCall } from './call-options.ts';
import type { RunConfig } from './config.ts';
import { SessionCore } from './core.ts';
import { Result } from './result.ts';
import { shownRun, type RunOptions } from './run.ts';
import type { RunSource } from './source.ts';
import { partitionView, type History } from './views.ts';

/** Training a session's model: runs, edits, going back, saving. */
export abstract class SessionTraining<
  Model extends Trainable = Trainable,
  Source extends RunSource = RunSource,
  Config extends RunConfig = RunConfig,
> extends SessionCore<Model, Source, Config> {
  #rewinding: AbortController | undefined;

  /** One training step; with a run going, one of its steps. */
  step(): Promise<HistoryRow> {
    return this.exclusive(() => this.control.step());
  }

  /** `steps` training steps with a live loss figure. Ends early, between steps, when it is stopped. */
  run(steps: number, options: RunOptions = {}): Promise<Result<History>> {
    checkSteps('run', steps);
    checkCall('run', options);
    this.assertNoRun();
    return this.exclusive(() =>
      stoppable(async (signal) => {
        const { show = this.config.show, onStep } = options;
        const first = this.steps;
        const order = { steps, signal, onStep };
        if (show) await shownRun(this.control, this.trainer, this.source.name, order);
        else await this.control.go(order);
        return this.historyFrom(first, show);
      }, options.signal),
    );
  }

  /**
   * Runs in the background, without displays, `steps` steps or until stopped. Resolves when the run has ended; one that
   * fails ends with a line in the history. Other calls are done between two of its steps.
   */
  start(steps?: number): Promise<void> {
    if (steps !== undefined) checkSteps('start', steps);
    this.assertOpen();
    this.assertNoRun();
    const stop = new AbortController();
    const run = this.queued(() => this.control.go({ steps, signal: stop.signal }));
    this.stopBackground = stop;
    return run
      .then(
        () => undefined,
        (error: unknown) => this.trainer.note('warning', `the run ended: ${(error as Error).message}`),
      )
      .finally(() => (this.stopBackground = undefined));
  }

  /** idle, running or paused. */
  get runState(): RunState {
    return this.control.state;
  }

  /** Step at which the present run ends; undefined without a run or without an end. */
  get until(): number | undefined {
    return this.control.until;
  }

  /** Holds the present run between two steps. */
  pause(): void {
    this.control.pause();
  }

  /** Lets a paused run go on. */
  resume(): void {
    this.control.resume();
  }

  /** Ends the present run between two steps. */
  stop(): void {
    this.stopBackground?.abort(); // also one that still waits for its turn
    this.#rewinding?.abort();
    this.control.stop();
  }

  /** One step between the edits; with a paused run, one of its steps. */
  async stepOnce(): Promise<void> {
    await this.between(() => this.control.step());
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
    this.assertOpen();
    this.trainer.set(options);
    return this;
  }

  /** `partition` as an edit: lands between two steps of a run. */
  async repartition(options: PartitionOptions): Promise<void> {
    await this.between(() => this.trainer.partition(options));
  }

  /** `promote` or `demote` as an edit, in order with the others. */
  async relabel(selector: Selector, label: 'FO' | 'ZO'): Promise<void> {
    await this.between(() => this.trainer.relabel(selector, label));
  }

  /** `set` as an edit, in order with the others. */
  change(options: StepOptions): Promise<void> {
    return this.between(() => this.trainer.set(options));
  }

  /**
   * Measures, every n steps, the cosine of the ZO estimate with the true gradient and its variance, with `draws` estimates
   * each (default 8). `every: 0` turns it off. Rows are in `history.data.probes`.
   */
  probe(options: { every: number; draws?: number }): this {
    this.assertOpen();
    checkCall('probe', options);
    const { every, draws = this.probes.draws } = options;
    this.prober.set({ every, draws });
    return this;
  }

  get probes(): Readonly<ProbeSettings> {
    return this.prober.settings;
  }

  setProbes(settings: ProbeSettings): void {
    this.probe(settings);
  }

  /** Steps that `rewind` can go back to. */
  get rewindable(): { from: number; to: number } | undefined {
    return this.trainer.rewindable;
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
      const work = (signal: AbortSignal | undefined) => this.trainer.rewind(step, signal);
      await (pressed ? work(stop.signal) : stoppable(work, stop.signal));
    });
  }

  /** Profiles one batch between two steps. */
  async profileNow(): Promise<void> {
    await this.between(() => this.trainer.profile());
  }

  /** The partition that `options` would give by the newest profile; changes nothing. Undefined before there is a profile. */
  preview(options: PartitionOptions = {}): Partition | undefined {
    return this.trainer.preview(options);
  }

  /**
   * Writes a Hugging Face folder that loads anywhere and that `open({ resume: dir })` goes on from, bit for bit on the same
   * engine. A folder that was there is replaced whole or not at all, even when the process is killed.
   */
  save(dir: string, options: SaveOptions = {}): Promise<void> {
    checkCall('save', options);
    return this.exclusive(async () => {
      await saveRun(this.saved, dir, options);
      this.trainer.note('save', dir);
    });
  }

  /** Saves to `dir` after every n-th step of any run from now on; `every: 0` turns it off. A save that fails is a line in the history. */
  autosave(options: AutosaveOptions): this {
    this.assertOpen();
    checkCall('autosave', options);
    this.saver.set(options);
    return this;
  }

  /** Takes over what `dir` holds of a saved run; frees the model when that fails. */
  protected async goOn(
    dir: string,
    { state, moments }: Awaited<ReturnType<SavedRun['restore']>>,
  ): Promise<void> {
    try {
      await this.trainer.restore(state, moments);
    } catch (error) {
      this.trainer.dispose();
      throw error;
    }
    this.trainer.note('open', `resumed at step ${this.steps} from ${dir}`);
  }

  /** Adds a warning to the history. */
  warn(text: string): void {
    this.trainer.note('warning', text);
  }

  #relabel(selector: Selector, label: Label): Result<Partition> {
    this.assertOpen();
    return new Result(this.trainer.relabel(selector, label), partitionView);
  }
}

function checkSteps(call: string, steps: number): void {
  if (!Number.isSafeInteger(steps) || steps < 1) {
    throw new ConfigError(`${call}(${inspect(steps)}): give the number of steps, a whole number from 1 on.`);
  }
}
