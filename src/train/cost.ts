import type { DeviceBatch } from '../model/batch.ts';
import type { Llama } from '../model/llama.ts';
import type { Partition } from '../partition/partition.ts';
import { selectionCost, tensorCosts, totalCost } from '../profile/cost.ts';
import { perturbedPasses } from '../estimate/estimator.ts';
import type { StepSettings } from './settings.ts';

/** What one step executes. */
export interface StepCost {
  forwardPasses: number;
  /** Floating-point operations of the products (two a multiply-accumulate), the head counted at supervised positions. */
  flops: number;
}

/** Counts a step before it runs, by the same rules as the profile. Drawing noise is not counted. */
export function stepCost(model: Llama, partition: Partition, s: StepSettings, batch: DeviceBatch): StepCost {
  const size = { batch: batch.batch, length: batch.length, headRows: batch.supervised };
  const costs = tensorCosts(model.config, model.parameters.list, size);
  const labels = new Set(partition.with('FO'));
  const zo = partition.with('ZO').length > 0 && !(s.updateZO === 'off' && s.alpha === 0);
  const clean = labels.size > 0 || !zo || s.estimator === 'one-sided' ? 1 : 0;
  const perturbed = zo ? perturbedPasses(s) : 0;
  const backward = selectionCost(costs, (i) => labels.has(model.parameters.list[i]!));
  const backwardPasses = (labels.size > 0 ? clean : 0) + (s.alpha > 0 ? perturbed : 0);
  const forwardPasses = clean + perturbed;
  return { forwardPasses, flops: 2 * (forwardPasses * totalCost(costs).forward + backwardPasses * backward) };
}
