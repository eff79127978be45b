import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { tf } from '../engine/tf.ts';
import type { DeviceBatch } from './batch.ts';
import { mean } from './gradients.ts';
import type { Llama } from './llama.ts';
import type { Weights } from './parameters.ts';

/** Hidden states before block `k`; they belong to the caller, who may keep them while the weights below stay. */
export function hiddenBefore(model: Llama, weights: Weights, batch: DeviceBatch, k: number): Tensor2D {
  const states = tf.tidy(() => model.hidden(weights, batch, 0, k));
  return tf.keep(states);
}

/** Mean loss from the states before block `k` on (all of the model when k is 0); `states` is left alone. */
export async function lossFrom(
  model: Llama,
  weights: Weights,
  batch: DeviceBatch,
  k: number,
  states?: Tensor2D,
): Promise<number> {
  const tokens = tf.tidy((): Tensor1D => {
    const top = k < model.blocks ? model.hidden(weights, batch, k, model.blocks, states) : states!;
    return model.loss(weights, batch, top).tokens;
  });
  try {
    return mean(await tokens.data());
  } finally {
    tokens.dispose();
  }
}
