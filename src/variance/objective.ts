import type { Tensor } from '@tensorflow/tfjs';
import type { Engine } from '../engine/engine.ts';
import { perturbedWeights, type Direction } from '../estimate/index.ts';
import type { DeviceBatch } from '../model/batch.ts';
import { lossAndGradients, lossOf } from '../model/gradients.ts';
import type { Llama } from '../model/llama.ts';
import type { Parameter } from '../model/parameters.ts';

/** A loss at fixed weights that can be moved along a direction: all that a variance measurement needs. */
export interface Objective {
  readonly engine: Engine;
  /** The tensors that directions move. */
  readonly parameters: readonly Parameter[];
  /** Loss at w + scale * u. */
  loss(u: Direction, scale: number): Promise<number>;
  /** Loss at w and its true gradient, by backpropagation; the tensors belong to the caller. */
  gradient(): Promise<{ loss: number; gradients: Map<Parameter, Tensor> }>;
}

/** The loss of a model on one batch, moved along some of its tensors. */
export function modelObjective(
  model: Llama,
  batch: DeviceBatch,
  parameters: readonly Parameter[],
): Objective {
  const store = model.parameters;
  const moved = new Set(parameters);
  return {
    engine: model.engine,
    parameters,
    loss: (u, scale) => lossOf(model, perturbedWeights(model.engine, store, moved, u, scale), batch),
    gradient: () => lossAndGradients(model, store.get, batch, parameters),
  };
}
