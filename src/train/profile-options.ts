import type { ProfileOptions } from '../profile/index.ts';

/** How to profile a model in training. */
export interface TrainerProfileOptions extends Omit<ProfileOptions, 'reach'> {
  /** Batches averaged over, from the present step on; defaults to 1. */
  batches?: number;
  /**
   * Largest budget that the profile is to serve. Importance of tensors that it cannot buy, with the error signal carried to them, is
   * then not measured, which saves time and memory; a larger rho needs another profile. Default: every tensor, for any rho.
   */
  rho?: number;
}
