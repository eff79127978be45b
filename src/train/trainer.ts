import type { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import type { Tensor } from '@tensorflow/tfjs';
import { inTurn } from '../engine/index.ts';
import { ConfigError, HiZfoError } from '../errors.ts';
import { Decoder, type Parameter, type TokenBatch, type Trainable } from '../model/index.ts';
import { AdamW, rateAt, type MomentState } from '../optimize/index.ts';
import { Partition, type Label, type PartitionOptions, type Selector } from '../partition/index.ts';
import { profileModel, type Profile, type ProfileOptions } from '../profile/index.ts';
import { Chronicle } from './chronicle.ts';
import { stepCost } from './cost.ts';
import type { TrainerEvents } from './events.ts';
import type { HistoryEvent, HistoryRow, ProbeRow } from './history.ts';
import type { StepRecord } from './log.ts';
import { assertFits, stepMemory, type StepMemory } from './memory.ts';
import { methods, type MethodName } from './methods.ts';
import { rebuild, statesOf, type BaseWeights, type Rebuilt } from './rebuild.ts';
import { rowOf } from './row.ts';
import { stepSettings, type StepOptions, type StepSettings } from './settings.ts';
import { Snapshots, stateBytes, type SnapshotOptions } from './snapshots.ts';
import type { TrainerState } from './state.ts';
import { hiZfoStep } from './step.ts';

/** What a trainer is made with. */
export interface TrainerOptions {
  method: MethodName;
  /** Options over the method's own and the defaults. */
  step: StepOptions;
  /** Keys the directions. */
  seed: number;
  /** Share of a step's FLOPs, where `partition` is not told another. */
  rho: number;
  /** Gives the weights before step 0 again; without it there is no way back. */
  base?: (() => Promise<BaseWeights>) | undefined;
  snapshots?: SnapshotOptions | undefined;
}

/**
 * A model in training: labels, settings, moments and history. Knows nothing of notebooks. Calls must not overlap; edits
 * between calls, or during a step, take effect with the next step.
 */
export class Trainer<Batch = TokenBatch> {
  readonly #kept: Chronicle;
  readonly snapshots: Snapshots;
  #settings: StepSettings;
  #labels: Partition | undefined;
  #profile: Profile | undefined;
  readonly #optimizer: AdamW;
  /** Tensors whose label changed while a step was under way. */
  readonly #relabelled = new Set<Parameter>();
  #stepping = false;
  #rewinding = false;
  /** Works under way that need the moments as they are. */
  #holds = 0;
  /** Tensors that a step which failed half way has moved, as long as they could not be put back. */
  #torn: readonly Parameter[] = [];

  constructor(
    readonly model: Trainable<Batch>,
    /** The batch of a step, from 0. */
    readonly batchAt: (step: number) => Batch,
    readonly options: TrainerOptions,
    private readonly listeners: EventEmitter<TrainerEvents>,
  ) {
    const { labelling, step } = methods[options.method];
    this.#settings = stepSettings({ ...step, ...options.step });
    this.#optimizer = new AdamW(model.engine, this.#settings.adamw);
    this.#kept = new Chronicle(model.parameters.list);
    this.snapshots = new Snapshots(options.snapshots);
    if (labelling.by === 'all') this.#labels = Partition.uniform(model.parameters.list, labelling.label);
  }

  get rows(): readonly HistoryRow[] {
    return this.#kept.rows;
  }

  get events(): readonly HistoryEvent[] {
    return this.#kept.events;
  }

  /** Measurements that others make between steps; they add them here. */
  get probes(): ProbeRow[] {
    return this.#kept.probes;
  }

  /** How each step began and what it did; `rewind` reads it. */
  get log(): readonly StepRecord[] {
    return this.#kept.log;
  }

  /** Steps done. */
  get steps(): number {
    return this.rows.length;
  }

  get settings(): Readonly<StepSettings> {
    return this.#settings;
  }

  get labels(): Partition | undefined {
    return this.#labels;
  }

  /** The newest profile. */
  get lastProfile(): Profile | undefined {
    return this.#profile;
  }

  /** Steps that `rewind` can go back to. */
  get rewindable(): { from: number; to: number } | undefined {
    return this.options.base && this.steps > 0 ? { from: 0, to: this.steps } : undefined;
  }

  /** Importance and cost of every tensor, over `batches` batches from the present step on. Changes nothing. */
  async profile({ batches = 1, ...options }: ProfileOptions & { batches?: number } = {}): Promise<Profile> {
    if (!Number.isSafeInteger(batches) || batches < 1) {
      throw new ConfigError(`profile(): batches is ${batches}; give a whole number from 1 on.`);
    }
    const trial = (p: Parameter, w: Tensor, g: Tensor) =>
      this.#optimizer.tried(p, w, g, this.#settings.rateFO);
    const measured = await inTurn(this.model.engine, () => {
      this.#optimizer.configure(this.#settings.adamw);
      const list = Array.from({ length: batches }, (_, i) => this.batchAt(this.steps + i));
      return profileModel(this.model, list, trial, options);
    });
    const { rho } = this.options;
    const peak = this.stepMemory(this.#solve(measured, { rho }))?.peak;
    const profile = peak === undefined ? measured : Object.freeze({ ...measured, expected: { rho, peak } });
    this.#profile = profile;
    this.note('profile', `${batches} batch${batches > 1 ? 'es' : ''}, loss ${profile.lossBefore.toFixed(4)}`);
    this.listeners.emit('profile', profile);
    return profile;
  }

  /** Chooses the FO tensors within the budget of `rho`; profiles first if that was not done. */
  async partition(options: PartitionOptions = {}): Promise<Partition> {
    const next = this.#solve(this.#profile ?? (await this.profile()), options);
    this.#setLabels(next, 'partition', `rho ${next.budget!.rho}`);
    if (next.budget?.warning) this.note('partition', next.budget.warning);
    return next;
  }

  /** The partition that these options would give by the newest profile; changes nothing. Undefined without a profile. */
  preview(options: PartitionOptions = {}): Partition | undefined {
    return this.#profile && this.#solve(this.#profile, options);
  }

  /** What the next step will need at its peak with these labels; undefined where it cannot be told. */
  stepMemory(labels = this.#labels): StepMemory | undefined {
    const known = labels && this.#onWasm(this.steps);
    return known && stepMemory(known.model, labels, this.#settings, known.size);
  }

  /** Labels that are there, chosen now if there are none. */
  async ensureLabels(): Promise<Partition> {
    return this.#labels ?? (await this.partition());
  }

  relabel(selector: Selector, label: Label): Partition {
    this.#assertNoRewind();
    const from = this.#labels;
    if (!from) throw new ConfigError('There are no labels to edit yet: call partition() first.');
    const rest = methods[this.options.method].labelling;
    const frozen = label === 'ZO' && rest.by === 'budget' && rest.rest === 'frozen';
    const next = from.relabel(selector, frozen ? 'frozen' : label);
    this.#setLabels(next, 'edit', next.edits.at(-1)!);
    return next;
  }

  set(options: StepOptions): void {
    this.#assertNoRewind();
    this.#settings = stepSettings({ ...this.#settings, ...options });
    const changed = Object.entries(options).map(
      ([k, v]) => `${k} = ${inspect(v, { breakLength: Infinity })}`,
    );
    this.note('settings', changed.join(', '));
    this.listeners.emit('settings', this.#settings);
  }

  /**
   * One step, kept in the history. What is changed while it runs holds from the next one on. When it fails, nothing has
   * changed: tensors that it had moved already are rebuilt, as in `rewind`.
   */
  async step(): Promise<HistoryRow> {
    this.#assertWhole();
    await this.ensureLabels();
    return inTurn(this.model.engine, () => {
      this.#stepping = true;
      return this.still(() => this.#stepOrUndo(this.steps)).finally(() => (this.#stepping = false));
    });
  }

  async #stepOrUndo(step: number): Promise<HistoryRow> {
    const { list, get } = this.model.parameters;
    const stored = list.map(get);
    try {
      return await this.#step(step, this.#labels!);
    } catch (error) {
      if (step === this.steps) this.#torn = list.filter((p, i) => get(p) !== stored[i]);
      if (this.#torn.length > 0) await this.#undo(error);
      throw error;
    }
  }

  async #step(step: number, partition: Partition): Promise<HistoryRow> {
    const { model } = this;
    const { seed } = this.options;
    const settings = this.#settings;
    const optimizer = this.#optimizer;
    const factor = rateAt(settings.schedule, step);
    const began = {
      labels: partition,
      settings,
      profile: this.#profile,
      factor,
      forgot: [...this.#kept.forgot],
      events: this.events.length,
    };
    const onWasm = this.#onWasm(step);
    if (onWasm) assertFits(onWasm.model, partition, settings, onWasm.size);
    await this.#snapshot();
    optimizer.configure(settings.adamw);
    const started = performance.now();
    const batch = await model.prepare(this.batchAt(step));
    try {
      const cost = stepCost(model, partition, settings, batch);
      const asLogged = { ...settings, schedule: () => factor };
      const result = await hiZfoStep({ model, partition, batch, settings: asLogged, optimizer, seed, step });
      const seconds = (performance.now() - started) / 1000;
      const memory = model.engine.memory();
      const row = rowOf({ step, result, partition, cost, seconds, memory, last: this.rows.at(-1) });
      const { skipped, update } = result;
      this.#kept.add(row, { ...began, skipped: skipped !== undefined, update });
      this.#stepping = false;
      if (skipped) this.note('skip', `step ${step} changed nothing: ${skipped}`);
      this.listeners.emit('step', row);
      return row;
    } finally {
      batch.dispose();
    }
  }

  /** Work that reads or moves moments: those of tensors that are relabelled meanwhile stay until it has ended. */
  async still<T>(work: () => Promise<T>): Promise<T> {
    this.#assertWhole();
    this.#holds++;
    try {
      return await work();
    } finally {
      this.#holds--;
      this.#dropMoments();
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
    if (labels !== this.#labels) this.listeners.emit('partition', this.#labels!);
    if (settings !== this.#settings) this.listeners.emit('settings', this.#settings);
    return rebuilt;
  }

  /** Adds a line for people to the history. */
  note(kind: HistoryEvent['kind'], text: string): void {
    const step = this.steps + Number(this.#stepping); // what is done during a step holds after it
    const event = Object.freeze({ step, kind, text });
    this.#kept.events.push(event);
    this.listeners.emit('event', event);
  }

  /** All but weights and moments, as it is now. */
  get state(): TrainerState {
    return {
      rows: this.rows,
      events: this.events,
      probes: this.probes,
      log: this.log,
      forgot: [...this.#kept.forgot],
      settings: this.#settings,
      labels: this.#labels,
      profile: this.#profile,
    };
  }

  /** Moments of the tensors that have any. */
  get optimizer(): Pick<AdamW, 'held' | 'read' | 'updatesOf'> {
    return this.#optimizer;
  }

  /** Takes over a state; the model's weights and these moments must belong to it. */
  async restore(state: TrainerState, moments: ReadonlyMap<Parameter, MomentState>): Promise<void> {
    this.#kept.take(state);
    this.#settings = state.settings;
    this.#labels = state.labels;
    this.#profile = state.profile;
    for (const [p, state] of moments) this.#optimizer.restore(p, state);
    await inTurn(this.model.engine, () => this.#snapshot(true));
  }

  /** Frees the model and the moments. */
  dispose(): void {
    this.#optimizer.dispose();
    this.model.dispose();
  }

  /** The decoder and the size of a step's batch, where the memory of a step can be told. */
  #onWasm(step: number) {
    const { model } = this;
    if (!(model instanceof Decoder) || model.engine.memory().heapBytes === 0) return undefined;
    const { batch, length, targets } = this.batchAt(step) as TokenBatch;
    return { model, size: { batch, length, supervised: targets.length } };
  }

  /** All as it was when step `to` began. */
  async #rebuild(to: number, signal?: AbortSignal): Promise<Rebuilt> {
    const { base, seed } = this.options;
    if (!base) throw new ConfigError('This trainer was made without its base weights: there is no way back.');
    const { model, log, rows, snapshots } = this;
    const batchAt = (step: number) => this.batchAt(step);
    const site = { model, optimizer: this.#optimizer, seed, batchAt, base, snapshots, log, rows };
    this.#rewinding = true;
    try {
      const rebuilt = await inTurn(model.engine, () => rebuild(site, to, signal, this.#torn));
      this.#torn = [];
      const record = log[to];
      if (record) {
        this.#kept.cut(to);
        snapshots.cut(to);
        this.#labels = record.labels;
        this.#settings = record.settings;
        this.#profile = record.profile;
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

  #assertWhole(): void {
    if (this.#torn.length === 0) return;
    const { steps } = this;
    throw new ConfigError(
      `Step ${steps} failed half way, ${this.#torn.length} tensors have moved: rewind(${steps}) puts them back.`,
    );
  }

  #assertNoRewind(): void {
    if (!this.#rewinding) return;
    throw new ConfigError('The run is going back: change labels and settings when it is there.');
  }

  #solve(profile: Profile, options: PartitionOptions): Partition {
    const { labelling } = methods[this.options.method];
    const rest = labelling.by === 'budget' ? labelling.rest : 'ZO';
    return Partition.solve(profile, { rest, ...options, rho: options.rho ?? this.options.rho });
  }

  #setLabels(next: Partition, kind: 'partition' | 'edit', text: string): void {
    const before = this.#labels;
    for (const { parameter: p, label } of next.entries) {
      if (before && before.labelOf(p) !== label) this.#relabelled.add(p);
    }
    this.#labels = next;
    this.#dropMoments();
    this.note(kind, text);
    this.listeners.emit('partition', next);
  }

  /** A tensor whose label changed loses its moments; under its new label it starts anew. */
  #dropMoments(): void {
    if (this.#holds > 0) return;
    const held = new Set(this.#optimizer.held);
    for (const p of this.#relabelled) {
      this.#optimizer.forget(p);
      if (held.has(p)) this.#kept.forgot.add(p);
    }
    this.#relabelled.clear();
  }

  /** Keeps what the log cannot rebuild, where a snapshot is due. */
  async #snapshot(now = false): Promise<void> {
    const { snapshots, steps } = this;
    const due = now ? 'gradient' : snapshots.due(steps);
    if (!due || !this.options.base) return;
    const held = new Set(this.#optimizer.held);
    const bytes = (list: Parameter[]) => list.reduce((n, p) => n + stateBytes(p.size, held.has(p)), 0);
    const trained = this.model.parameters.list.filter((p) => p.base !== 'frozen');
    const all = trained.filter((p) => this.#kept.byGradient.has(p) || due === 'all');
    const list = snapshots.fits(bytes(all)) ? all : all.filter((p) => this.#kept.byGradient.has(p));
    if (!snapshots.fits(bytes(list))) return;
    snapshots.add(steps, await statesOf({ model: this.model, optimizer: this.#optimizer }, list));
  }
}

/** A trainer of any model. */
export type AnyTrainer = Trainer<unknown>;

function inWords({ replayed, rerun }: Rebuilt): string {
  return `${replayed} tensor updates replayed, ${rerun} step${rerun === 1 ? '' : 's'} run again`;
}
