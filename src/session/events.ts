import type { Evaluation, HistoryEvent, HistoryRow } from '../train/index.ts';
import type { Partition } from '../partition/index.ts';
import type { Profile } from '../profile/index.ts';

/** What a session tells its listeners; a panel needs nothing else. */
export interface SessionEvents {
  /** After each step. */
  step: [row: HistoryRow];
  /** The FO/ZO labels changed. */
  partition: [partition: Partition];
  profile: [profile: Profile];
  evaluation: [evaluation: Evaluation];
  /** A line for people: edits, skipped updates, warnings. */
  event: [event: HistoryEvent];
  run: [state: 'started' | 'ended'];
  closed: [];
}
