import { inTurn } from '../engine/index.ts';
import { ConfigError, HiZfoError } from '../errors.ts';
import { inPieces, type Parameter, type TokenBatch } from '../model/index.ts';
import { rateAt, type MomentState } from '../optimize/index.ts';
import type { Partition } from '../partition/index.ts';
import { stepCost } from './cost.ts';
import type { HistoryRow } from './history.ts';
import { Labelled } from './labelled.ts';
import { assertFits } from './fits.ts';
import { supervisedSize } from './memory.ts';
import { rebuild, statesOf, type Rebuilt } from './rebuild.ts';
import { rowOf } from './row.ts';
import { Snapshots, stateBytes } from './snapshots.ts';
import type { TrainerState } from './state.ts';
import { hiZfoStep } from './step.ts';

export type { TrainerOptions } from './recorded.ts';

/**
 * A model in training: its steps, and the way back over them. Knows nothing of notebooks. Calls must not overlap; edits
 * between calls, or during a step, take effect with the next step.
 */
export class Trainer<Batch = TokenBatch> extends Labelled<Batch> {
  readonly snapshots = new Snapshots(this.options.snapshots);
  #rewinding = false;
  /** Tensors that a step which failed half way has moved, as long as they could not be put back. */
  #torn: readonly Parameter[] = [];

  /** Steps that `rewind` can go back to. */
  get rewindable(): { from: number; to: number } | undefined {
    return this.options.base && this.steps > 0 ? { from: 0, to: this.steps } : undefined;
  }

  /**
   * One step, kept in the history. What is changed while it runs holds from the next one on. When it fails, nothing has
   * changed: tensors that it had moved already are rebuilt, as in `rewind`.
   */
  async step(): Promise<HistoryRow> {
    this.assertWhole();
    await this.ensureLabels();
    return inTurn(this.model.engine, () => {
      this.stepping = true;
      return this.still(() => this.#stepOrUndo(this.steps)).finally(() => (this.stepping = false));
    });
  }

  async #stepOrUndo(step: number): Promise<HistoryRow> {
    const { list, get } = this.model.parameters;
    const stored = list.map(get);
    try {
      return await this.#step(step, this.labels!);
    } catch (error) {
      if (step === this.steps) this.#torn = list.filter((p, i) => get(p) !== stored[i]);
      if (this.#torn.length > 0) await this.#undo(error);
      throw error;
    }
  }

  async #step(step: number, partition: Partition): Promise<HistoryRow> {
    const { model } = this;
    const { seed } = this.options;
    const settings = this.settings;
    const optimizer = this.adamw;
    const factor = rateAt(settings.schedule, step);
    const began = {
      labels: partition,
      settings,
      profile: this.lastProfile,
      factor,
      forgot: [...this.kept.forgot],
      events: this.events.length,
    };
    await this.#snapshot();
    optimizer.configure(settings.adamw);
    const started = performance.now();
    const given = this.batchAt(step);
    const { onWasm } = this;
    if (onWasm) assertFits(onWasm, partition, settings, supervisedSize(given as TokenBatch));
    const trained = inPieces(model, settings.microBatch);
    const batch = await trained.prepare(given);
    try {
      const cost = stepCost(model, partition, settings, batch);
      const asLogged = { ...settings, schedule: () => factor };
      const input = { model: trained, partition, batch, settings: asLogged, optimizer, seed, step };
      const result = await hiZfoStep(input);
      const seconds = (performance.now() - started) / 1000;
      const memory = model.engine.memory();
      const row = rowOf({ step, result, partition, cost, seconds, memory, last: this.rows.at(-1) });
      const { skipped, update } = result;
      this.kept.add(row, { ...began, skipped: skipped !== undefined, update });
      this.stepping = false;
      if (skipped) this.note('skip', `step ${step} changed nothing: ${skipped}`);
      this.listeners.emit('step', row);
      return row;
    } finally {
      batch.dispose();
    }
  }

  /**
   * Goes back to the beginning of step `to`: weights, moments, labels, settings and profile as they were, history up to
   * there, bit by bit. ZO updates are replayed from the log without a forward pass; where gradients have moved tensors
   * since the last snapshot, the steps from there on are run again. Whoever runs on gets the same losses.
   * When it is aborted or fails, nothing has changed.
   */
  async rewind(to: number, signal?: AbortSignal): Promise<Rebuilt> {
    const { steps, labels, settings } = this;
    if (!Number.isSafeInteger(to) || to < 0 || to > steps) {
      throw new ConfigError(`rewind(${to}): give a step from 0 to ${steps}, the number of steps done.`);
    }
    if (to === steps && this.#torn.length === 0) return { replayed: 0, rerun: 0, differing: 0 };
    const rebuilt = await this.#rebuild(to, signal);
    this.note('rewind', `from step ${steps} to ${to}: ${inWords(rebuilt)}`);
    if (rebuilt.differing > 0) {
      this.note(
        'warning',
        `${rebuilt.differing} steps run again gave other losses: this engine is not exact`,
      );
    }
    this.listeners.emit('rewind', to);
    if (labels !== this.labels) this.listeners.emit('partition', this.labels!);
    if (settings !== this.settings) this.listeners.emit('settings', this.settings);
    return rebuilt;
  }

  /** Takes over a state; the model's weights and these moments must belong to it. */
  async restore(state: TrainerState, moments: ReadonlyMap<Parameter, MomentState>): Promise<void> {
    this.kept.take(state);
    this.become(state);
    for (const [p, state] of moments) this.adamw.restore(p, state);
    await inTurn(this.model.engine, () => this.#snapshot(true));
  }

  /** Frees the model and the moments. */
  dispose(): void {
    this.adamw.dispose();
    this.model.dispose();
  }

  /** All as it was when step `to` began. */
  async #rebuild(to: number, signal?: AbortSignal): Promise<Rebuilt> {
    const { base, seed } = this.options;
    if (!base) throw new ConfigError('This trainer was made without its base weights: there is no way back.');
    const { model, log, rows, snapshots } = this;
    const batchAt = (step: number) => this.batchAt(step);
    const site = { model, optimizer: this.adamw, seed, batchAt, base, snapshots, log, rows };
    this.#rewinding = true;
    try {
      const rebuilt = await inTurn(model.engine, () => rebuild(site, to, signal, this.#torn));
      this.#torn = [];
      const record = log[to];
      if (record) {
        this.kept.cut(to);
        snapshots.cut(to);
        this.become(record);
      }
      return rebuilt;
    } finally {
      this.#rewinding = false;
    }
  }

  /** Puts back what a step that failed half way has moved. */
  async #undo(cause: unknown): Promise<void> {
    const { steps } = this;
    try {
      await this.#rebuild(steps);
    } catch (error) {
      throw new HiZfoError(
        `Step ${steps} failed half way (${String(cause)}), and what it had moved could not be put back (${String(error)}). ` +
          `rewind(${steps}) tries again; or resume from what was saved.`,
        { cause },
      );
    }
    this.note('warning', `step ${steps} failed half way; all is as it was before it`);
  }

  protected assertWhole(): void {
    if (this.#torn.length === 0) return;
    const { steps } = this;
    throw new ConfigError(
      `Step ${steps} failed half way, ${this.#torn.length} tensors have moved: rewind(${steps}) puts them back.`,
    );
  }

  protected assertEditable(): void {
    if (!this.#rewinding) return;
    throw new ConfigError('The run is going back: change labels and settings when it is there.');
  }

  /** Keeps what the log cannot rebuild, where a snapshot is due. */
  async #snapshot(now = false): Promise<void> {
    const { snapshots, steps } = this;
    const due = now ? 'gradient' : snapshots.due(steps);
    if (!due || !this.options.base) return;
    const held = new Set(this.adamw.held);
    const bytes = (list: Parameter[]) => list.reduce((n, p) => n + stateBytes(p.size, held.has(p)), 0);
    const trained = this.model.parameters.list.filter((p) => p.base !== 'frozen');
    const all = trained.filter((p) => this.kept.byGradient.has(p) || due === 'all');
    const list = snapshots.fits(bytes(all)) ? all : all.filter((p) => this.kept.byGradient.has(p));
    if (!snapshots.fits(bytes(list))) return;
    snapshots.add(steps, await statesOf({ model: this.model, optimizer: this.adamw }, list));
  }
}

/** A trainer of any model. */
export type AnyTrainer = Trainer<unknown>;

function inWords({ replayed, rerun }: Rebuilt): string {
  return `${replayed} tensor updates replayed, ${rerun} step${rerun === 1 ? '' : 's'} run again`;
}
