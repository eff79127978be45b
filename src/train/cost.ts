import type { DeviceBatch } from '../model/batch.ts';
import { Decoder } from '../model/decoder.ts';
import type { Parameter } from '../model/parameters.ts';
import type { Prepared, Trainable } from '../model/trainable.ts';
import type { Partition } from '../partition/partition.ts';
import { selectionCost, tensorCosts, totalCost, type TensorCost } from '../profile/cost.ts';
import type { StepSettings } from './settings.ts';
import { streamsOf } from './streams.ts';

/** What one step executes. */
export interface StepCost {
  /** Those of whole streams; what recomputation runs again is in the flops. */
  forwardPasses: number;
  /**
   * Floating-point operations of the products (two a multiply-accumulate), the head counted at supervised positions. NaN for a
   * model whose operations no rule counts.
   */
  flops: number;
}

/** Counts a step before it runs, by the same rules as the profile. Drawing noise is not counted. */
export function stepCost(
  model: Trainable,
  partition: Partition,
  s: StepSettings,
  prepared: Prepared,
): StepCost {
  const { fo, clean, perturbed } = streamsOf(partition, s);
  const forwardPasses = Number(clean) + perturbed;
  const costs = costsOfStep(model, prepared);
  if (!costs) return { forwardPasses, flops: NaN };
  const selected = new Set(fo);
  const backward = selectionCost(costs, (i) => selected.has(model.parameters.list[i]!));
  const backwardPasses = Number(clean) + (s.alpha > 0 ? perturbed : 0); // they cost nothing without FO tensors
  const again = s.recompute && model instanceof Decoder ? recomputed(model, costs, fo) : 0;
  const passes = forwardPasses * totalCost(costs).forward + backwardPasses * (backward + again);
  return { forwardPasses, flops: 2 * passes };
}

/** Forward cost of the blocks that a backward pass runs again: from the deepest FO tensor's up to the head, which is not. */
function recomputed(model: Decoder, costs: readonly TensorCost[], fo: readonly Parameter[]): number {
  const deepest = Math.min(model.blocks, ...fo.map((p) => model.blockOf(p)));
  const again = model.parameters.list.filter(
    (p) => model.blockOf(p) >= deepest && model.blockOf(p) < model.blocks && p !== model.headParameter,
  );
  return again.reduce((sum, p) => sum + costs[p.index]!.fp, 0);
}

function costsOfStep(model: Trainable, prepared: Prepared): readonly TensorCost[] | undefined {
  if (!(model instanceof Decoder)) return model.stepCosts?.(prepared);
  const batch = prepared as DeviceBatch;
  const size = { batch: batch.batch, length: batch.length, headRows: batch.supervised };
  return tensorCosts(model.config, model.parameters.list, size);
}
