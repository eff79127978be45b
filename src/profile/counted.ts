import { ConfigError } from '../errors.ts';
import type { TokenBatch } from '../model/batch.ts';
import { Decoder } from '../model/decoder.ts';
import type { Trainable } from '../model/trainable.ts';
import type { MeasuredCosts } from '../model/tensor-cost.ts';
import { tensorCosts } from './cost.ts';

/** Costs of a model's tensors, and the batches that they hold for. */
export interface CountedCosts extends MeasuredCosts {
  /** Rows of a batch and their length in tokens; NaN for what the batches do not have. */
  size: { batch: number; length: number };
}

/**
 * Costs for batches like these: by GreenTrainer's rules for a decoder, else as the model finds them on the first of them.
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
  if (!model.costs) throw new ConfigError('This model cannot tell what its tensors cost.');
  const batch = await model.prepare(batches[0]);
  try {
    const size = { batch: batch.rows ?? NaN, length: NaN };
    return { ...(await model.costs(batch)), size };
  } finally {
    batch.dispose();
  }
}
