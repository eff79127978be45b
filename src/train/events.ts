import type { Partition } from '../partition/index.ts';
import type { Profile } from '../profile/index.ts';
import type { HistoryEvent, HistoryRow } from './history.ts';
import type { StepSettings } from './settings.ts';

/** What a trainer tells its listeners. */
export interface TrainerEvents {
  /** After each step. */
  step: [row: HistoryRow];
  /** The FO/ZO labels changed. */
  partition: [partition: Partition];
  profile: [profile: Profile];
  /** Rows from `step` on are gone. */
  rewind: [step: number];
  settings: [settings: Readonly<StepSettings>];
  /** A line for people: edits, skipped updates, warnings. */
  event: [event: HistoryEvent];
}
