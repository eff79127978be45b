import type { EventEmitter } from 'node:events';
import type { Parameter } from '../model/index.ts';
import type { Partition, PartitionOptions, Selector } from '../partition/index.ts';
import type { Profile } from '../profile/index.ts';
import type {
  Evaluation,
  HistoryEvent,
  HistoryRow,
  ProbeRow,
  StepOptions,
  StepSettings,
  TrainerEvents,
} from '../train/index.ts';
import type { RunState } from './protocol.ts';

export type { ProbeRow };

/** How often to probe (0: never), and with how many draws. */
export interface ProbeSettings {
  every: number;
  draws: number;
}

/** What a panel needs to hear. */
export interface PanelHostEvents extends TrainerEvents {
  /** idle, running or paused has changed. */
  state: [state: RunState];
  probe: [row: ProbeRow];
  /** Rows from `step` on are gone. */
  rewind: [step: number];
  settings: [settings: Readonly<StepSettings>];
  evaluation: [evaluation: Evaluation];
  closed: [];
}

/** What a panel needs of a session. Everything that changes weights or labels lands between two steps, in the order of the calls. */
export interface PanelHost extends EventEmitter<PanelHostEvents> {
  /** Method, model, task and seed in one line. */
  readonly title: string;
  readonly method: string;
  readonly steps: number;
  readonly runState: RunState;
  /** Step at which the present run ends; undefined without a run or without an end. */
  readonly until: number | undefined;
  readonly parameters: readonly Parameter[];
  readonly settings: Readonly<StepSettings>;
  readonly labels: Partition | undefined;
  readonly lastProfile: Profile | undefined;
  readonly rows: readonly HistoryRow[];
  readonly events: readonly HistoryEvent[];
  readonly probeRows: readonly ProbeRow[];
  readonly probes: Readonly<ProbeSettings>;
  /** Steps that `rewind` can go back to. */
  readonly rewindable: { from: number; to: number } | undefined;
  /** Edits that wait for the end of the present step. */
  readonly pending: number;

  /** Runs in the background, without displays, `steps` steps or until stopped. Resolves when the run has ended. */
  start(steps?: number): Promise<void>;
  /** Holds the present run between two steps; `resume` lets it go on; `stop` ends it. Without a run they do nothing. */
  pause(): void;
  resume(): void;
  stop(): void;
  /** One step; with a paused run, one step of it. */
  stepOnce(): Promise<void>;
  rewind(step: number): Promise<void>;
  profileNow(): Promise<void>;
  /** The partition that `rho` would give; changes nothing. Undefined before there is a profile. */
  preview(options: PartitionOptions): Partition | undefined;
  /** Does work between two steps, in order with the other edits. */
  between<T>(work: () => T | Promise<T>): Promise<T>;
  repartition(options: PartitionOptions): Promise<void>;
  relabel(selector: Selector, label: 'FO' | 'ZO'): Promise<void>;
  change(options: StepOptions): Promise<void>;
  setProbes(settings: ProbeSettings): void;
}
