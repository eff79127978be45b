import { inspect } from 'node:util';
import type { Tensor } from '@tensorflow/tfjs';
import { inTurn } from '../engine/index.ts';
import { ConfigError } from '../errors.ts';
import { Decoder, type Parameter, type TokenBatch, type Trainable } from '../model/index.ts';
import { AdamW } from '../optimize/index.ts';
import {
  budgetOf,
  checkRho,
  Partition,
  partitionSettings,
  reachOf,
  unmeasured,
  type Label,
  type PartitionOptions,
  type Selector,
} from '../partition/index.ts';
import { profileModel, type Profile } from '../profile/index.ts';
import { stepMemory, supervisedSize, type StepMemory } from './memory.ts';
import { methods, type MethodName } from './methods.ts';
import type { TrainerProfileOptions } from './profile-options.ts';
import { Recorded } from './recorded.ts';
import type { TrainerState } from './state.ts';

/**
 * A model in training with its labels, the newest profile and the moments. Edits between calls, or during a step, take
 * effect with the next step.
 */
export abstract class Labelled<Batch = TokenBatch> extends Recorded<Batch> {
  protected readonly adamw = new AdamW(this.model.engine, this.settings.adamw);
  #labels = labelsOf(this.options.method, this.model);
  #profile: Profile | undefined;
  /** Tensors whose label changed while a step was under way. */
  readonly #relabelled = new Set<Parameter>();
  /** Works under way that need the moments as they are. */
  #holds = 0;

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
      throw new ConfigError(`profile(): batches is ${inspect(batches)}; give a whole number from 1 on.`);
    }
    if (most !== undefined) checkRho(most);
    const trial = (p: Parameter, w: Tensor, g: Tensor) => this.adamw.tried(p, w, g, this.settings.rateFO);
    const measured = await inTurn(this.model.engine, () => {
      this.adamw.configure(this.settings.adamw);
      const list = Array.from({ length: batches }, (_, i) => this.batchAt(this.steps + i));
      const { recompute, microBatch } = this.settings;
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
    partitionSettings(options); // before a profile is made
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
    return model && stepMemory(model, labels, this.settings, supervisedSize(this.batchAt(this.steps) as TokenBatch)); // prettier-ignore
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

  /** All but weights and moments, as it is now. */
  get state(): TrainerState {
    return {
      rows: this.rows,
      events: this.events,
      probes: this.probes,
      log: this.log,
      forgot: [...this.kept.forgot],
      settings: this.settings,
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
    this.takeSettings(settings);
    this.#labels = labels;
    this.#profile = profile;
  }

  /** @throws ConfigError while what a failed step has moved is not put back */
  protected abstract assertWhole(): void;

  /** The model, where the memory of a step can be told. */
  protected get onWasm(): Decoder | undefined {
    const { model } = this;
    return model instanceof Decoder && model.engine.memory().heapBytes > 0 ? model : undefined;
  }

  #solve(profile: Profile, options: PartitionOptions): Partition {
    partitionSettings(options);
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

/** Labels that a method gives before anything is measured. */
function labelsOf(method: MethodName, { parameters }: Trainable<never>): Partition | undefined {
  const { labelling } = methods[method];
  return labelling.by === 'all' ? Partition.uniform(parameters.list, labelling.label) : undefined;
}
