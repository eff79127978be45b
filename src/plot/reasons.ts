import type { Label, PartitionEntry, Reason } from '../partition/index.ts';
import type { ProfileEntry } from '../profile/index.ts';
import { significant } from './words.ts';

const why: Record<Reason, (label: Label, importance: string) => string> = {
  chosen: (_, importance) => `in the best set that the budget pays for (importance ${importance})`,
  'over budget': (_, importance) =>
    `worth something (importance ${importance}), but its cost buys more elsewhere`,
  'no gain': (_, importance) => `stepping it does not lower the loss (importance ${importance})`,
  'out of reach': () => 'the budget does not pay for it alone, with the error signal carried to it',
  'by hand': (label) => `made ${label} by hand`,
  all: (label) => `the method makes every tensor ${label}`,
  base: (label) => `${label}: of the model under the adapter`,
};

/** Why a tensor has its label, in words. */
export function reasonText({ label, reason }: PartitionEntry, profiled?: ProfileEntry): string {
  return why[reason](label, significant(profiled?.importance ?? NaN));
}
