import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { tf } from '../engine/tf.ts';
import { mean } from './gradients.ts';
import type { Decoder } from './decoder.ts';
import type { PackedBatch } from './packed.ts';
import type { Weights } from './parameters.ts';

/** Hidden states of a packed batch before block `k`; they belong to the caller, who may keep them while the weights below stay. */
export function hiddenBefore(model: Decoder, weights: Weights, batch: PackedBatch, k: number): Tensor2D {
  return tf.keep(tf.tidy(() => model.pass(batch.pass(model, weights), 0, k)));
}

/** Mean loss from the states before block `k` on (all of the model when k is 0); `states` is left alone. */
export async function lossFrom(
  model: Decoder,
  weights: Weights,
  batch: PackedBatch,
  k: number,
  states?: Tensor2D,
): Promise<number> {
  const tokens = tf.tidy((): Tensor1D => {
    const pass = batch.pass(model, weights);
    const top = k < model.blocks ? model.pass(pass, k, model.blocks, states) : states!;
    return model.loss(weights, batch, top).tokens;
  });
  try {
    return mean(await tokens.data());
  } finally {
    tokens.dispose();
  }
}
