import type { LlamaConfig } from '../model/config.ts';
import type { Parameter } from '../model/parameters.ts';

/** What one tensor costs in a training step, in multiply-accumulates (two FLOPs each). */
export interface TensorCost {
  /** t_dy: carry the error signal through the tensor. Paid by every tensor from the deepest FO one up. */
  dy: number;
  /** t_dw: form the tensor's own gradient. Paid by FO tensors. */
  dw: number;
  /** t_fp: its share of the forward pass. */
  fp: number;
}

/** The batch that costs are counted for. */
export interface BatchSize {
  batch: number;
  length: number;
  /**
   * Rows that reach the output head. Default batch * length, as GreenTrainer counts; hi-zfo itself computes the head at
   * supervised positions only, so pass their number to count what is executed.
   */
  headRows?: number;
}

/**
 * Costs of a Llama decoder's tensors by GreenTrainer's rules (pittisl/GreenTrainer, decoder_lm/tensor_flops.py):
 * the attention map rides on the value projection; a tied embedding is one tensor at the input side whose t_dw holds
 * the head's too, while the head's t_dy is carried by the last tensor.
 */
export function tensorCosts(
  config: LlamaConfig,
  parameters: readonly Parameter[],
  { batch, length, headRows = batch * length }: BatchSize,
): TensorCost[] {
  const rows = batch * length;
  const head = headRows * config.vocabulary * config.hidden;
  const map = batch * length ** 2 * config.heads * config.headDim; // one product of the attention map
  return parameters.map((p) => {
    const width = p.shape[p.shape.length - 1]!;
    switch (p.role) {
      case 'embedding':
        return p.tied
          ? { dy: 0, dw: rows * width + head + p.size, fp: head }
          : { dy: 0, dw: rows * width, fp: 0 };
      case 'attention-norm':
      case 'ffn-norm':
        return { dy: rows * width, dw: rows * width, fp: 0 };
      case 'final-norm':
        return { dy: rows * width + (config.tied ? head : 0), dw: rows * width, fp: 0 };
      case 'head':
        return { dy: head, dw: head, fp: head };
      case 'v':
        return { dy: rows * p.size + 4 * map, dw: rows * p.size, fp: rows * p.size + 2 * map };
      default:
        return { dy: rows * p.size, dw: rows * p.size, fp: rows * p.size };
    }
  });
}

/** Sums of a model's costs. */
export interface TotalCost {
  /** t_fp: one forward pass. */
  forward: number;
  /** t_bp: a full backward pass, sum of t_dy + t_dw. */
  backward: number;
}

export function totalCost(costs: readonly TensorCost[]): TotalCost {
  let forward = 0;
  let backward = 0;
  for (const c of costs) {
    forward += c.fp;
    backward += c.dy + c.dw;
  }
  return { forward, backward };
}

/**
 * C(m): backward cost of a selection. Every tensor from the deepest selected one to the output pays t_dy (its own
 * included), each selected one pays t_dw. `costs` in execution order (0 = input side).
 */
export function selectionCost(costs: readonly TensorCost[], selected: (index: number) => boolean): number {
  let sum = 0;
  let reached = false;
  costs.forEach((c, i) => {
    const on = selected(i);
    reached ||= on;
    if (reached) sum += c.dy;
    if (on) sum += c.dw;
  });
  return sum;
}
