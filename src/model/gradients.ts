import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { tf } from '../engine/tf.ts';
import type { DeviceBatch } from './batch.ts';
import type { Decoder } from './decoder.ts';
import type { Parameter, Weights } from './parameters.ts';
import { withTape } from './tape.ts';

/** Loss of one stream and its gradient with respect to some parameters. */
export interface LossAndGradients {
  /** Mean cross-entropy over supervised tokens, averaged in float64. */
  loss: number;
  /** Gradient of the loss by parameter, in the order asked for. They belong to the caller. */
  gradients: Map<Parameter, Tensor>;
}

/** Mean loss of `batch` under `weights`: forward only, perturbed copies freed block by block. */
export async function lossOf(model: Decoder, weights: Weights, batch: DeviceBatch): Promise<number> {
  return (await lossAndGradients(model, weights, batch, [])).loss;
}

/**
 * Loss of `batch` under `weights` and its gradient for `wrt`. The blocks below the deepest of `wrt` run outside the
 * gradient tape; `below`, when given, are the states before the deepest one's block [B*T, D], which saves them. `weights` must give the
 * very tensors to differentiate for the parameters in `wrt`. Nothing is left behind when it throws.
 */
export async function lossAndGradients(
  model: Decoder,
  weights: Weights,
  batch: DeviceBatch,
  wrt: readonly Parameter[],
  below?: Tensor2D,
): Promise<LossAndGradients> {
  let tokens: Tensor1D | undefined;
  const gradients = new Map<Parameter, Tensor>();
  try {
    const deepest = Math.min(model.blocks, ...wrt.map((p) => model.blockOf(p)));
    const prefix = below ?? (deepest > 0 ? model.hidden(weights, batch, 0, deepest) : undefined);
    try {
      const forward = (): Scalar => {
        const h =
          deepest < model.blocks ? model.hidden(weights, batch, deepest, model.blocks, prefix) : prefix!;
        const loss = model.loss(weights, batch, h);
        tokens = tf.keep(loss.tokens);
        return loss.mean;
      };
      if (wrt.length === 0) tf.tidy(forward).dispose();
      else {
        const { value, grads } = withTape(forward, wrt.map(weights));
        value.dispose();
        wrt.forEach((p, i) => gradients.set(p, grads[i]!));
      }
    } finally {
      if (prefix !== below) prefix?.dispose();
    }
    return { loss: mean(await tokens!.data()), gradients };
  } catch (error) {
    tf.dispose([...gradients.values()]);
    throw error;
  } finally {
    tokens?.dispose();
  }
}

/** Mean in float64. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
