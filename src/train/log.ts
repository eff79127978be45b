import type { Parameter } from '../model/index.ts';
import type { Partition } from '../partition/index.ts';
import type { Profile } from '../profile/index.ts';
import type { StepSettings } from './settings.ts';
import type { ZOUpdate } from './zo-update.ts';

/** How one step began and what it did to the tensors: enough to go back to its beginning and to do it again. */
export interface StepRecord {
  readonly labels: Partition;
  readonly settings: Readonly<StepSettings>;
  readonly profile: Profile | undefined;
  /** Factor of the schedule at this step. */
  readonly factor: number;
  /** Tensors that lost their moments since the step before. */
  readonly forgot: readonly Parameter[];
  /** Events of the history before it. */
  readonly events: number;
  /** Nothing was updated. */
  readonly skipped: boolean;
  /** What moved its ZO tensors, if anything did. */
  readonly update: ZOUpdate | undefined;
}

/** How a step moved a tensor: by its gradient, by a ZO update that can be replayed, or not at all. */
export function movedBy(record: StepRecord, p: Parameter): 'gradient' | 'update' | undefined {
  if (record.skipped) return undefined;
  const label = record.labels.labelOf(p);
  if (label === 'FO') return 'gradient';
  return label === 'ZO' && record.update ? 'update' : undefined;
}
