import type { DecoderConfig } from '../model/config.ts';
import type { Parameter } from '../model/parameters.ts';
import type { TensorCost } from '../model/tensor-cost.ts';

export type { TensorCost };

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
 * Costs of a decoder's tensors by GreenTrainer's rules (pittisl/GreenTrainer, decoder_lm/tensor_flops.py):
 * - a matrix costs its size for every row, to carry the error and to form its gradient, fused or not;
 * - the attention map rides on the last tensor before the output projection: the bias of v or of the fused projection, or the
 *   weight where there is none;
 * - a bias carries nothing and has a gradient of its size a row; the bias of a norm is free, its gain costs its width both
 *   ways;
 * - a tied embedding is one tensor at the input side whose t_dw holds the head's too, while the head's t_dy is carried by the
 *   last tensor.
 * Adapters by the same rules: LoRA's A and B are matrices of a module of their own, which comes after the one they are added to;
 * a prefix makes the attention map wider, and the gradient of its keys, and that of its values, is one product with the map.
 * Tensors count as a chain in the order of execution, attention before feed-forward also where they run side by side.
 * One departure: a table of positions costs its width a row like the look-up of an embedding (there: its number of rows).
 */
export function tensorCosts(
  config: DecoderConfig,
  parameters: readonly Parameter[],
  { batch, length, headRows = batch * length }: BatchSize,
): TensorCost[] {
  const rows = batch * length;
  const head = headRows * config.vocabulary * config.embeddingWidth;
  const width = config.heads * config.headDim;
  const map = batch * length ** 2 * width; // one product of the attention map
  const prefixMap = batch * length * config.prefix * width; // and of its part that looks at the prefix
  const costs = parameters.map((p, i) => {
    const cost = ownCost(config, p, { rows, headRows, head, prefixMap });
    const beforeMap = p.role !== 'o' && parameters[i + 1]?.role === 'o';
    if (!beforeMap) return cost;
    return { ...cost, dy: cost.dy + 4 * map + 2 * prefixMap, fp: cost.fp + 2 * map + 2 * prefixMap };
  });
  const last = costs.at(-1);
  if (config.tied && last) last.dy += head;
  return costs;
}

function ownCost(
  config: DecoderConfig,
  p: Parameter,
  { rows, headRows, head, prefixMap }: { rows: number; headRows: number; head: number; prefixMap: number },
): TensorCost {
  const isNorm = p.role.endsWith('norm');
  if (p.bias) return { dy: 0, dw: isNorm ? 0 : rows * p.size, fp: 0 };
  switch (p.role) {
    case 'embedding': {
      const lookUp = rows * config.embeddingWidth;
      return p.tied ? { dy: 0, dw: lookUp + head + p.size, fp: head } : { dy: 0, dw: lookUp, fp: 0 };
    }
    case 'prefix-key':
    case 'prefix-value':
      return { dy: 0, dw: prefixMap, fp: 0 };
    case 'position':
      return { dy: 0, dw: rows * config.hidden, fp: 0 };
    case 'head':
      return { dy: head, dw: head, fp: head };
    case 'project-out':
      return { dy: headRows * p.size, dw: headRows * p.size, fp: headRows * p.size };
  }
  // the norms of queries and keys run over every head
  const count = p.role === 'q-norm' ? config.heads : p.role === 'k-norm' ? config.kvHeads : 1;
  const all = rows * count * p.size;
  return { dy: all, dw: all, fp: isNorm ? 0 : all };
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
