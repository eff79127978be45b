import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { tf } from '../engine/tf.ts';
import type { DeviceBatch } from './batch.ts';
import type { Decoder } from './decoder.ts';
import type { Parameter, Weights } from './parameters.ts';
import { gradientsAtOnce, gradientsByBlock } from './backward.ts';
import type { PassOptions, Trainable } from './trainable.ts';

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

/** Options of `lossAndGradients`. */
export interface LossAndGradientsOptions extends PassOptions {
  /** The states before the block of the deepest of `wrt` [B*T, D], where the caller has them: saves the blocks below. */
  below?: Tensor2D | undefined;
}

/**
 * Loss of `batch` under `weights` and its gradient for `wrt`. The blocks below the deepest of `wrt` run outside the gradient tape.
 * `weights` must give the very tensors to differentiate for the parameters in `wrt`. Nothing is left behind when it throws.
 */
export async function lossAndGradients(
  model: Decoder,
  weights: Weights,
  batch: DeviceBatch,
  wrt: readonly Parameter[],
  { below, recompute = false }: LossAndGradientsOptions = {},
): Promise<LossAndGradients> {
  let tokens: Tensor1D | undefined;
  let gradients = new Map<Parameter, Tensor>();
  try {
    const deepest = Math.min(model.blocks, ...wrt.map((p) => model.blockOf(p)));
    const prefix = below ?? (deepest > 0 ? model.hidden(weights, batch, 0, deepest) : undefined);
    const head = (h: Tensor2D): Scalar => {
      const loss = model.loss(weights, batch, h);
      tokens = tf.keep(loss.tokens);
      return loss.mean;
    };
    try {
      if (wrt.length === 0) tf.tidy(() => head(prefix!)).dispose();
      else {
        const differentiate = recompute ? gradientsByBlock : gradientsAtOnce;
        gradients = differentiate({ model, weights, batch, wrt, deepest, below: prefix, head });
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

/** sums += share * more, tensor by tensor; `more` is used up, also when it throws. */
export function addShare(
  { engine }: Pick<Trainable, 'engine'>,
  sums: Map<Parameter, Tensor>,
  more: Map<Parameter, Tensor>,
  share: number,
): void {
  try {
    for (const [p, x] of more) {
      const before = sums.get(p);
      sums.set(p, before ? engine.ops.addScaled(before, x, share) : tf.mul(x, share));
      tf.dispose([before, x]); // one by one: two whole sets live together, never three
    }
  } finally {
    tf.dispose([...more.values()]);
  }
}

/** Mean in float64. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
