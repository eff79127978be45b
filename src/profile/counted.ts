import { ConfigError } from '../errors.ts';
import type { TokenBatch } from '../model/batch.ts';
import { Decoder } from '../model/decoder.ts';
import type { Trainable } from '../model/trainable.ts';
import { tensorCosts, type TensorCost } from './cost.ts';

/** Costs of a model's tensors, in execution order, and what they are in. */
export interface CountedCosts {
  costs: TensorCost[];
  unit: 'multiply-adds' | 'nanoseconds';
  /** Rows of a batch and their length in tokens; NaN for what the batches do not have. */
  size: { batch: number; length: number };
}

/**
 * Costs for batches like these: counted by GreenTrainer's rules for a decoder, else the time that each tensor takes on the first
 * of them, as ElasticTrainer measures it.
 */
export async function costsOf(
  model: Trainable,
  batches: readonly unknown[],
  head: 'all' | 'supervised',
): Promise<CountedCosts> {
  if (model instanceof Decoder) {
    const tokens = batches as readonly TokenBatch[];
    const size = { batch: tokens[0]!.batch, length: Math.max(...tokens.map((b) => b.length)) };
    const headRows = Math.round(tokens.reduce((s, b) => s + b.targets.length, 0) / tokens.length);
    const rows = head === 'all' ? {} : { headRows };
    const costs = tensorCosts(model.config, model.parameters.list, { ...size, ...rows });
    return { costs, unit: 'multiply-adds', size };
  }
  if (!model.timeTensors) throw new ConfigError('This model cannot tell what its tensors cost.');
  const batch = await model.prepare(batches[0]);
  try {
    const size = { batch: batch.rows ?? NaN, length: NaN };
    return { costs: await model.timeTensors(batch), unit: 'nanoseconds', size };
  } finally {
    batch.dispose();
  }
}
