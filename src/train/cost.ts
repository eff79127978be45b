import type { DeviceBatch } from '../model/batch.ts';
import type { Decoder } from '../model/decoder.ts';
import type { Partition } from '../partition/partition.ts';
import { selectionCost, tensorCosts, totalCost } from '../profile/cost.ts';
import type { StepSettings } from './settings.ts';
import { streamsOf } from './streams.ts';

/** What one step executes. */
export interface StepCost {
  forwardPasses: number;
  /** Floating-point operations of the products (two a multiply-accumulate), the head counted at supervised positions. */
  flops: number;
}

/** Counts a step before it runs, by the same rules as the profile. Drawing noise is not counted. */
export function stepCost(
  model: Decoder,
  partition: Partition,
  s: StepSettings,
  batch: DeviceBatch,
): StepCost {
  const size = { batch: batch.batch, length: batch.length, headRows: batch.supervised };
  const costs = tensorCosts(model.config, model.parameters.list, size);
  const { fo, clean, perturbed } = streamsOf(partition, s);
  const selected = new Set(fo);
  const backward = selectionCost(costs, (i) => selected.has(model.parameters.list[i]!));
  const backwardPasses = Number(clean) + (s.alpha > 0 ? perturbed : 0); // they cost nothing without FO tensors
  const forwardPasses = Number(clean) + perturbed;
  return { forwardPasses, flops: 2 * (forwardPasses * totalCost(costs).forward + backwardPasses * backward) };
}
