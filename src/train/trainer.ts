import type { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import type { Tensor } from '@tensorflow/tfjs';
import { ConfigError } from '../errors.ts';
import { DeviceBatch, type Llama, type Parameter, type TokenBatch } from '../model/index.ts';
import { AdamW } from '../optimize/index.ts';
import { Partition, type Label, type PartitionOptions, type Selector } from '../partition/index.ts';
import { profileModel, type Profile, type ProfileOptions } from '../profile/index.ts';
import { stepCost } from './cost.ts';
import type { TrainerEvents } from './events.ts';
import type { HistoryEvent, HistoryRow } from './history.ts';
import { methods, type MethodName } from './methods.ts';
import { rowOf } from './row.ts';
import { stepSettings, type StepOptions, type StepSettings } from './settings.ts';
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
}

/**
 * A model in training: labels, settings, moments and history. Knows nothing of notebooks. Calls must not overlap; edits
 * between calls take effect with the next step.
 */
export class Trainer {
  readonly rows: HistoryRow[] = [];
  readonly events: HistoryEvent[] = [];
  #settings: StepSettings;
  #labels: Partition | undefined;
  #profile: Profile | undefined;
  readonly #optimizer: AdamW;
  /** Tensors whose label changed while a step was under way. */
  readonly #relabelled = new Set<Parameter>();
  #stepping = false;

  constructor(
    readonly model: Llama,
    /** The batch of a step, from 0. */
    readonly batchAt: (step: number) => TokenBatch,
    readonly options: TrainerOptions,
    private readonly listeners: EventEmitter<TrainerEvents>,
  ) {
    const { labelling, step } = methods[options.method];
    this.#settings = stepSettings({ ...step, ...options.step });
    this.#optimizer = new AdamW(model.engine, this.#settings.adamw);
    if (labelling.by === 'all') this.#labels = Partition.uniform(model.parameters.list, labelling.label);
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

  /** Importance and cost of every tensor, over `batches` batches from the present step on. Changes nothing. */
  async profile({ batches = 1, ...options }: ProfileOptions & { batches?: number } = {}): Promise<Profile> {
    if (!Number.isSafeInteger(batches) || batches < 1) {
      throw new ConfigError(`profile(): batches is ${batches}; give a whole number from 1 on.`);
    }
    await this.model.engine.activate();
    this.#optimizer.configure(this.#settings.adamw);
    const trial = (p: Parameter, w: Tensor, g: Tensor) =>
      this.#optimizer.tried(p, w, g, this.#settings.rateFO);
    const tokens = Array.from({ length: batches }, (_, i) => this.batchAt(this.steps + i));
    const profile = await profileModel(this.model, tokens, trial, options);
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

  /** Labels that are there, chosen now if there are none. */
  async ensureLabels(): Promise<Partition> {
    return this.#labels ?? (await this.partition());
  }

  relabel(selector: Selector, label: Label): Partition {
    const from = this.#labels;
    if (!from) throw new ConfigError('There are no labels to edit yet: call partition() first.');
    const rest = methods[this.options.method].labelling;
    const frozen = label === 'ZO' && rest.by === 'budget' && rest.rest === 'frozen';
    const next = from.relabel(selector, frozen ? 'frozen' : label);
    this.#setLabels(next, 'edit', next.edits.at(-1)!);
    return next;
  }

  set(options: StepOptions): void {
    const next = stepSettings({ ...this.#settings, ...options });
    this.#settings = next;
    const changed = Object.entries(options).map(
      ([k, v]) => `${k} = ${inspect(v, { breakLength: Infinity })}`,
    );
    this.note('settings', changed.join(', '));
    this.listeners.emit('settings', next);
  }

  /** One step, kept in the history. What is changed while it runs holds from the next one on. */
  async step(): Promise<HistoryRow> {
    const { model, steps: step } = this;
    await model.engine.activate();
    const partition = await this.ensureLabels();
    const settings = this.#settings;
    this.#optimizer.configure(settings.adamw);
    const started = performance.now();
    const batch = new DeviceBatch(this.batchAt(step), model.config);
    this.#stepping = true;
    try {
      const { seed } = this.options;
      const cost = stepCost(model, partition, settings, batch);
      const optimizer = this.#optimizer;
      const result = await hiZfoStep({ model, partition, batch, settings, optimizer, seed, step });
      const seconds = (performance.now() - started) / 1000;
      const memory = model.engine.memory();
      const row = rowOf({ step, result, partition, cost, seconds, memory, last: this.rows.at(-1) });
      this.rows.push(row);
      this.#stepping = false;
      if (result.skipped) this.note('skip', `step ${step} changed nothing: ${result.skipped}`);
      this.listeners.emit('step', row);
      return row;
    } finally {
      this.#stepping = false;
      this.#dropMoments();
      batch.dispose();
    }
  }

  /** Adds a line for people to the history. */
  note(kind: HistoryEvent['kind'], text: string): void {
    const step = this.steps + Number(this.#stepping); // what is done during a step holds after it
    const event = Object.freeze({ step, kind, text });
    this.events.push(event);
    this.listeners.emit('event', event);
  }

  /** Frees the model and the moments. */
  dispose(): void {
    this.#optimizer.dispose();
    this.model.dispose();
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
    if (!this.#stepping) this.#dropMoments();
    this.note(kind, text);
    this.listeners.emit('partition', next);
  }

  /** A tensor whose label changed loses its moments; under its new label it starts anew. */
  #dropMoments(): void {
    for (const p of this.#relabelled) this.#optimizer.forget(p);
    this.#relabelled.clear();
  }
}
