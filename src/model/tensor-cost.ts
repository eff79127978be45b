/** What one tensor costs in a training step: multiply-accumulates (two FLOPs each) where they are counted, else nanoseconds. */
export interface TensorCost {
  /** t_dy: carry the error signal through the tensor. Paid by every tensor from the deepest FO one up. */
  dy: number;
  /** t_dw: form the tensor's own gradient. Paid by FO tensors. */
  dw: number;
  /** t_fp: its share of the forward pass. */
  fp: number;
}

/** What costs are in. */
export type CostUnit = 'multiply-adds' | 'nanoseconds';

/** Costs of a model's tensors, in execution order. */
export interface MeasuredCosts {
  costs: readonly TensorCost[];
  unit: CostUnit;
}
