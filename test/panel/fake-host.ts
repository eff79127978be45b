import { EventEmitter } from 'node:events';
import type { PanelHost, PanelHostEvents, ProbeRow, ProbeSettings } from '../../src/panel/host.ts';
import type { RunState } from '../../src/panel/protocol.ts';
import { Partition, type PartitionOptions, type Selector } from '../../src/partition/index.ts';
import type { Profile } from '../../src/profile/index.ts';
import { stepSettings, type HistoryEvent, type HistoryRow, type StepOptions } from '../../src/train/index.ts';
import { history, profile } from '../plot/results.ts';

/** A host without a model: edits land when the test ends the present step, at once when nothing runs. */
export class FakeHost extends EventEmitter<PanelHostEvents> implements PanelHost {
  readonly title = 'Hi-ZFO on fake, task label, seed 1';
  readonly method = 'hi-zfo';
  readonly calls: string[] = [];
  readonly events: HistoryEvent[] = [];
  rows: HistoryRow[] = [];
  probeRows: ProbeRow[] = [];
  probes: ProbeSettings = { every: 0, draws: 8 };
  settings = stepSettings({});
  labels: Partition | undefined;
  lastProfile: Profile | undefined = profile(3);
  runState: RunState = 'idle';
  until: number | undefined;
  rewindable: { from: number; to: number } | undefined;
  /** Fails the next edit. */
  failure: Error | undefined;
  readonly #made = history(5000);
  readonly parameters = this.lastProfile!.entries.map((e) => e.parameter);
  readonly #waiting: (() => void)[] = [];
  #ended: () => void = () => undefined;

  get steps(): number {
    return this.rows.length;
  }

  get pending(): number {
    return this.#waiting.length;
  }

  /** The end of a step: edits land, and with a run the step is in the rows. */
  endStep(): void {
    if (this.runState === 'running') {
      this.rows = [...this.rows, this.#made[this.steps]!];
      this.emit('step', this.rows.at(-1)!);
    }
    for (const land of this.#waiting.splice(0)) land();
    if (this.steps === this.until) this.stop();
  }

  makeSteps(count: number): void {
    for (let i = 0; i < count; i++) this.endStep();
  }

  addProbe(): void {
    const step = this.steps;
    const row = { step, cosine: 0.1, cosineError: 0.01, varianceRatio: 9, varianceLaw: 10, seconds: 2 };
    this.probeRows = [...this.probeRows, row];
    this.emit('probe', row);
  }

  start(steps?: number): Promise<void> {
    this.calls.push(`start ${steps}`);
    this.until = steps === undefined ? undefined : this.steps + steps;
    this.#state('running');
    return new Promise((resolve) => (this.#ended = resolve));
  }

  pause(): void {
    this.calls.push('pause');
    if (this.runState === 'running') this.#state('paused');
  }

  resume(): void {
    this.calls.push('resume');
    if (this.runState === 'paused') this.#state('running');
  }

  stop(): void {
    this.calls.push('stop');
    this.until = undefined;
    this.#state('idle');
    this.#ended();
  }

  stepOnce(): Promise<void> {
    return this.#edit('step', () => undefined);
  }

  rewind(step: number): Promise<void> {
    return this.#edit(`rewind ${step}`, () => {
      this.rows = this.rows.slice(0, step);
      this.probeRows = this.probeRows.filter((row) => row.step <= step);
      this.emit('rewind', step);
    });
  }

  profileNow(): Promise<void> {
    return this.#edit('profile', () => this.emit('profile', this.lastProfile!));
  }

  preview(options: PartitionOptions): Partition | undefined {
    return this.lastProfile && Partition.solve(this.lastProfile, options);
  }

  between<T>(work: () => T | Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const land = () => void (async () => work())().then(resolve, reject);
      if (this.runState === 'running') this.#waiting.push(land);
      else land();
    });
  }

  repartition(options: PartitionOptions): Promise<void> {
    return this.#edit(`partition ${options.rho}`, () =>
      this.#label(Partition.solve(this.lastProfile!, options)),
    );
  }

  relabel(selector: Selector, label: 'FO' | 'ZO'): Promise<void> {
    const names = typeof selector === 'string' ? selector : (selector as string[]).join();
    return this.#edit(`${label} ${names}`, () => this.#label(this.labels!.relabel(selector, label)));
  }

  change(options: StepOptions): Promise<void> {
    return this.#edit(`set ${JSON.stringify(options)}`, () => {
      this.settings = stepSettings({ ...this.settings, ...options });
      this.emit('settings', this.settings);
    });
  }

  setProbes(settings: ProbeSettings): void {
    this.calls.push(`probe ${JSON.stringify(settings)}`);
    this.probes = settings;
  }

  #edit(name: string, work: () => unknown): Promise<void> {
    this.calls.push(name);
    return this.between(() => {
      const { failure } = this;
      this.failure = undefined;
      if (failure) throw failure;
      work();
    });
  }

  #label(next: Partition): void {
    this.labels = next;
    this.emit('partition', next);
  }

  #state(state: RunState): void {
    if (this.runState === state) return;
    this.runState = state;
    this.emit('state', state);
  }
}
