import type { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import { inPieces, noBlocks, type TokenBatch, type Trainable } from '../model/index.ts';
import { checkOptions } from '../options.ts';
import { Chronicle } from './chronicle.ts';
import type { TrainerEvents } from './events.ts';
import type { HistoryEvent, HistoryRow, ProbeRow } from './history.ts';
import type { StepRecord } from './log.ts';
import { methods, type MethodName } from './methods.ts';
import type { BaseWeights } from './rebuild.ts';
import { settingNames, stepSettings, type StepOptions, type StepSettings } from './settings.ts';
import type { SnapshotOptions } from './snapshots.ts';

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

/** A model in training, its settings and its history; every change is a line of it. */
export abstract class Recorded<Batch = TokenBatch> {
  protected readonly kept: Chronicle;
  /** A step is under way. */
  protected stepping = false;
  #settings: StepSettings;

  constructor(
    readonly model: Trainable<Batch>,
    /** The batch of a step, from 0. */
    readonly batchAt: (step: number) => Batch,
    readonly options: TrainerOptions,
    protected readonly listeners: EventEmitter<TrainerEvents>,
  ) {
    this.#settings = this.#checked({ ...methods[options.method].step, ...options.step });
    this.kept = new Chronicle(model.parameters.list);
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

  set(options: StepOptions): void {
    this.assertEditable();
    checkOptions('set', options, settingNames);
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    this.#settings = this.#checked({ ...this.#settings, ...Object.fromEntries(given) });
    const changed = given.map(([k, v]) => `${k} = ${inspect(v, { breakLength: Infinity })}`);
    this.note('settings', changed.join(', '));
    this.listeners.emit('settings', this.#settings);
  }

  /** Adds a line for people to the history. */
  note(kind: HistoryEvent['kind'], text: string): void {
    const step = this.steps + Number(this.stepping); // what is done during a step holds after it
    const event = Object.freeze({ step, kind, text });
    this.kept.events.push(event);
    this.listeners.emit('event', event);
  }

  /** Takes over the settings of another moment. */
  protected takeSettings(settings: StepSettings): void {
    this.#settings = settings;
  }

  /** @throws ConfigError while labels and settings must stay as they are */
  protected abstract assertEditable(): void;

  /** Settings that the model can be trained by. */
  #checked(options: StepOptions): StepSettings {
    const settings = stepSettings(options);
    if (settings.recompute && this.model.blocks === undefined) throw noBlocks();
    inPieces(this.model, settings.microBatch);
    return settings;
  }
}
