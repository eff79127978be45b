import { perturbedPasses } from '../estimate/index.ts';
import type { Parameter } from '../model/index.ts';
import type { Partition } from '../partition/index.ts';
import type { StepSettings } from './settings.ts';

/** Which forward passes a step makes. */
export interface Streams {
  fo: Parameter[];
  /** Tensors that are perturbed; none when neither their update nor the perturbed loss is wanted. */
  zo: Parameter[];
  /** Whether there is a clean stream: for the FO gradient, or as the baseline of a one-sided estimate. */
  clean: boolean;
  /** Perturbed passes. */
  perturbed: number;
}

export function streamsOf(partition: Partition, s: StepSettings): Streams {
  const fo = partition.with('FO');
  const zo = s.updateZO === 'off' && s.alpha === 0 ? [] : partition.with('ZO');
  const clean = fo.length > 0 || zo.length === 0 || s.estimator === 'one-sided';
  return { fo, zo, clean, perturbed: zo.length > 0 ? perturbedPasses(s) : 0 };
}
