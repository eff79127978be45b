import type { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import type { Tensor } from '@tensorflow/tfjs';
import { inTurn } from '../engine/index.ts';
import { ConfigError } from '../errors.ts';
import {
  Decoder,
  inPieces,
  noBlocks,
  type Parameter,
  type TokenBatch,
  type Trainable,
} from '../model/index.ts';
import { AdamW } from '../optimize/index.ts';
import {
  budgetOf,
  Partition,
  reachOf,
  unmeasured,
  type Label,
  type PartitionOptions,
  type Selector,
} from '../partition/index.ts';
import { profileModel, type Profile } from '../profile/index.ts';
import { Chronicle } from './chronicle.ts';
import type { TrainerEvents } from './events.ts';
import type { HistoryEvent, HistoryRow, ProbeRow } from './history.ts';
import type { StepRecord } from './log.ts';
import { stepMemory, supervisedSize, type StepMemory } from './memory.ts';
import { methods, type MethodName } from './methods.ts';
import type { TrainerProfileOptions } from './profile-options.ts';
import type { BaseWeights } from './rebuild.ts';
import { stepSettings, type StepOptions, type StepSettings } from './settings.ts';
import type { SnapshotOptions } from './snapshots.ts';
import type { TrainerState } from './state.ts';

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
 * A model and how it is trained: settings, labels, the newest profile and the moments; every change is a line of the history.
 * Edits between calls, or during a step, take effect with the next step.
 */
export abstract class Labelled<Batch = TokenBatch> {
  protected readonly kept: Chronicle;
  protected readonly adamw: AdamW;
  /** A step is under way. */
  protected stepping = false;
  #settings: StepSettings;
  #labels: Partition | undefined;
  #profile: Profile | undefined;
  /** Tensors whose label changed while a step was under way. */
  readonly #relabelled = new Set<Parameter>();
  /** Works under way that need the moments as they are. */
  #holds = 0;

  constructor(
    readonly model: Trainable<Batch>,
    /** The batch of a step, from 0. */
    readonly batchAt: (step: number) => Batch,
    readonly options: TrainerOptions,
    protected readonly listeners: EventEmitter<TrainerEvents>,
  ) {
    const { labelling, step } = methods[options.method];
    this.#settings = this.#checked({ ...step, ...options.step });
    this.adamw = new AdamW(model.engine, this.#settings.adamw);
    this.kept = new Chronicle(model.parameters.list);
    if (labelling.by === 'all') this.#labels = Partition.uniform(model.parameters.list, labelling.label);
  }

  get rows(): readonly HistoryRow[] {
    return this.kept.rows;
  }

  get events(): readonly HistoryEvent[] {
    return this.kept.events;
  }

  /** Measurements that others make between steps; they add them here. */
  get probes(): ProbeRow[] {
    return this.kept.probes;
  }

  /** How each step began and what it did; `rewind` reads it. */
  get log(): readonly StepRecord[] {
    return this.kept.log;
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

  /** Importance and cost of every tensor, or of those that a budget can reach. Changes nothing. */
  async profile({ batches = 1, rho: most, ...options }: TrainerProfileOptions = {}): Promise<Profile> {
    if (!Number.isSafeInteger(batches) || batches < 1) {
      throw new ConfigError(`profile(): batches is ${batches}; give a whole number from 1 on.`);
    }
    const trial = (p: Parameter, w: Tensor, g: Tensor) => this.adamw.tried(p, w, g, this.#settings.rateFO);
    const measured = await inTurn(this.model.engine, () => {
      this.adamw.configure(this.#settings.adamw);
      const list = Array.from({ length: batches }, (_, i) => this.batchAt(this.steps + i));
      const { recompute, microBatch } = this.#settings;
      const reach = most === undefined ? {} : { reach: reachOf(most) };
      return profileModel(this.model, list, trial, { recompute, microBatch, ...options, ...reach });
    });
    const { rho } = this.options;
    const served = unmeasured(measured, budgetOf(rho, measured.total)).length === 0;
    const peak = served ? this.stepMemory(this.#solve(measured, { rho }))?.peak : undefined;
    const profile = peak === undefined ? measured : Object.freeze({ ...measured, expected: { rho, peak } });
    this.#profile = profile;
    const within = profile.reach === undefined ? '' : `, what rho ${profile.reach} can reach`;
    this.note(
      'profile',
      `${batches} batch${batches > 1 ? 'es' : ''}, loss ${profile.lossBefore.toFixed(4)}${within}`,
    );
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
    const model = labels && this.onWasm;
    return model && stepMemory(model, labels, this.#settings, supervisedSize(this.batchAt(this.steps) as TokenBatch)); // prettier-ignore
  }

  /** Labels that are there, chosen now if there are none. */
  async ensureLabels(): Promise<Partition> {
    return this.#labels ?? (await this.partition());
  }

  relabel(selector: Selector, label: Label): Partition {
    this.assertEditable();
    const from = this.#labels;
    if (!from) throw new ConfigError('There are no labels to edit yet: call partition() first.');
    const rest = methods[this.options.method].labelling;
    const frozen = label === 'ZO' && rest.by === 'budget' && rest.rest === 'frozen';
    const next = from.relabel(selector, frozen ? 'frozen' : label);
    this.#setLabels(next, 'edit', next.edits.at(-1)!);
    return next;
  }

  set(options: StepOptions): void {
    this.assertEditable();
    this.#settings = this.#checked({ ...this.#settings, ...options });
    const changed = Object.entries(options).map(
      ([k, v]) => `${k} = ${inspect(v, { breakLength: Infinity })}`,
    );
    this.note('settings', changed.join(', '));
    this.listeners.emit('settings', this.#settings);
  }

  /** Work that reads or moves moments: those of tensors that are relabelled meanwhile stay until it has ended. */
  async still<T>(work: () => Promise<T>): Promise<T> {
    this.assertWhole();
    this.#holds++;
    try {
      return await work();
    } finally {
      this.#holds--;
      this.#dropMoments();
    }
  }

  /** Adds a line for people to the history. */
  note(kind: HistoryEvent['kind'], text: string): void {
    const step = this.steps + Number(this.stepping); // what is done during a step holds after it
    const event = Object.freeze({ step, kind, text });
    this.kept.events.push(event);
    this.listeners.emit('event', event);
  }

  /** All but weights and moments, as it is now. */
  get state(): TrainerState {
    return {
      rows: this.rows,
      events: this.events,
      probes: this.probes,
      log: this.log,
      forgot: [...this.kept.forgot],
      settings: this.#settings,
      labels: this.#labels,
      profile: this.#profile,
    };
  }

  /** Moments of the tensors that have any. */
  get optimizer(): Pick<AdamW, 'held' | 'read' | 'updatesOf'> {
    return this.adamw;
  }

  /** Takes over settings, labels and profile of another moment. */
  protected become({
    settings,
    labels,
    profile,
  }: Pick<TrainerState, 'settings' | 'labels' | 'profile'>): void {
    this.#settings = settings;
    this.#labels = labels;
    this.#profile = profile;
  }

  /** @throws ConfigError while what a failed step has moved is not put back */
  protected abstract assertWhole(): void;

  /** @throws ConfigError while labels and settings must stay as they are */
  protected abstract assertEditable(): void;

  /** The model, where the memory of a step can be told. */
  protected get onWasm(): Decoder | undefined {
    const { model } = this;
    return model instanceof Decoder && model.engine.memory().heapBytes > 0 ? model : undefined;
  }

  /** Settings that the model can be trained by. */
  #checked(options: StepOptions): StepSettings {
    const settings = stepSettings(options);
    if (settings.recompute && this.model.blocks === undefined) throw noBlocks();
    inPieces(this.model, settings.microBatch);
    return settings;
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
    const held = new Set(this.adamw.held);
    for (const p of this.#relabelled) {
      this.adamw.forget(p);
      if (held.has(p)) this.kept.forgot.add(p);
    }
    this.#relabelled.clear();
  }
}
