import type { Parameter } from '../model/index.ts';
import type { Partition } from '../partition/index.ts';
import type { Profile } from '../profile/index.ts';
import type { HistoryEvent, HistoryRow, ProbeRow } from './history.ts';
import type { StepRecord } from './log.ts';
import type { StepSettings } from './settings.ts';

/** A trainer between two steps, without its weights and moments. */
export interface TrainerState {
  rows: readonly HistoryRow[];
  events: readonly HistoryEvent[];
  probes: readonly ProbeRow[];
  log: readonly StepRecord[];
  /** Tensors that lost their moments since the last step. */
  forgot: readonly Parameter[];
  settings: StepSettings;
  labels: Partition | undefined;
  profile: Profile | undefined;
}
