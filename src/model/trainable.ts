import type { Engine } from '../engine/engine.ts';
import type { LossAndGradients } from './gradients.ts';
import type { Parameter, ParameterStore, Weights } from './parameters.ts';
import type { MeasuredCosts, TensorCost } from './tensor-cost.ts';

/** A batch on the engine. Dispose it after use. */
export interface Prepared {
  /** Rows in it, where they are known. */
  readonly rows?: number | undefined;
  dispose(): void;
}

/** How a pass that is differentiated is run. */
export interface PassOptions {
  /**
   * Activation recomputation: keep only the states between blocks, and run each block again when its gradient is asked for. The
   * gradients are the same, to the bit on the wasm engine. Defaults to false.
   */
  recompute?: boolean | undefined;
}

/**
 * All that training and measuring ask of a model: named tensors, and a loss of a batch with its gradients. `Decoder` is one,
 * `OwnModel` (a user's loss, or a tf.LayersModel) another.
 */
export interface Trainable<Batch = unknown, OnEngine extends Prepared = Prepared> {
  readonly engine: Engine;
  /** Its tensors, in execution order. */
  readonly parameters: ParameterStore;
  /** Number of blocks before the head, of a model that is a chain of them. */
  readonly blocks?: number;
  /** Puts a batch on the engine. */
  prepare(batch: Batch): OnEngine | Promise<OnEngine>;
  /**
   * Loss of a batch under `weights` and its gradient for `wrt`, for which `weights` must give the very tensors to differentiate.
   * Nothing is left behind when it throws.
   */
  lossAndGradients(
    weights: Weights,
    batch: OnEngine,
    wrt: readonly Parameter[],
    options?: PassOptions,
  ): Promise<LossAndGradients>;
  /** What each tensor costs, in execution order, for a model that no rule tells it of. */
  costs?(batch: OnEngine): Promise<MeasuredCosts>;
  /** The same for a step, where it is counted and known without a pass. */
  stepCosts?(batch: OnEngine): readonly TensorCost[] | undefined;
  dispose(): void;
}
