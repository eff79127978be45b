import type { Tensor } from '@tensorflow/tfjs';
import { ConfigError, NonFiniteError } from '../errors.ts';
import { tf } from '../engine/tf.ts';
import { inPieces } from '../model/micro-batches.ts';
import type { Parameter, Weights } from '../model/parameters.ts';
import type { PassOptions, Prepared, Trainable } from '../model/trainable.ts';
import { totalCost, type TensorCost, type TotalCost } from './cost.ts';
import { costsOf, type CountedCosts } from './counted.ts';

/**
 * Proposes one real optimizer step of one tensor: its new value from its gradient, without changing anything that lasts.
 * The returned tensor belongs to the caller.
 */
export type TrialStep = (p: Parameter, w: Tensor, gradient: Tensor) => Tensor;

/** One tensor of a profile. */
export interface ProfileEntry extends TensorCost {
  readonly parameter: Parameter;
  /**
   * Importance, normalised by the largest |mean importance| that was measured; positive = stepping it lowers the loss. 0 for the
   * model under an adapter, which does not compete, and for what was not reached.
   */
  readonly importance: number;
  /** Standard error of `importance` over the batches; NaN with a single batch, and for what was not reached. */
  readonly standardError: number;
  /** Its importance was measured, or is 0 by definition. Always true but in a profile with `reach`. */
  readonly reached: boolean;
}

/** Importance and cost of every tensor, in execution order (0 = input side). */
export interface Profile {
  readonly entries: readonly ProfileEntry[];
  readonly total: TotalCost;
  /** Batches averaged over. */
  readonly batches: number;
  /**
   * Largest |mean raw importance| measured, the unit of `importance` (loss per step). With `reach` it may be smaller than that of
   * the whole model; no selection depends on it, since only sums of importance are compared.
   */
  readonly scale: number;
  /** The rho that was asked for, where its budget does not reach every tensor: the profile serves it and any smaller one. */
  readonly reach?: number;
  /** Mean loss before and after the trial steps. */
  readonly lossBefore: number;
  readonly lossAfter: number;
  /** What costs are in: counted, or measured where no rule counts a model's operations. */
  readonly unit: CountedCosts['unit'];
  /** Rows of a batch and their length in tokens; NaN for what the batches do not have. */
  readonly size: { batch: number; length: number };
  /** The memory of a step at the run's rho, where it can be told: for a decoder on the wasm engine. */
  readonly expected?: ExpectedStep;
}

/** What a step with these tensors FO would need, before it is run; see `stepMemory` in src/train. */
export interface ExpectedStep {
  /** Share of a step's FLOPs that was budgeted. */
  rho: number;
  /** Bytes at the step's peak, all weights included. */
  peak: number;
}

/** A budget that a profile is made for; made by `reachOf`. */
export interface Reach {
  readonly rho: number;
  /** For each tensor, in execution order: a selection within the budget could hold it. Throws ConfigError when none could. */
  of(costs: readonly TensorCost[], parameters: readonly Parameter[]): readonly boolean[];
}

export interface ProfileOptions {
  signal?: AbortSignal;
  /** Called after each batch. */
  onBatch?: (done: number, of: number, loss: number) => void;
  /** Rows that reach the head in the cost count: GreenTrainer's `all` (default) or what is executed, `supervised`. */
  head?: 'all' | 'supervised';
  /** Measures importance only where this budget can buy a tensor, which saves time and memory. Default: everywhere. */
  reach?: Reach;
  /** Activation recomputation in the backward passes; a session takes its setting. Defaults to false. */
  recompute?: boolean;
  /** Rows of a batch that run at a time; a session takes its setting. Defaults to all, Infinity. */
  microBatch?: number;
}

/**
 * Importance as GreenTrainer's code computes it: one real optimizer step of every tensor on a batch (w0 -> w1), gradients
 * again at w1 on the same batch, I_k = -sum g_k(w1) * (w1_k - w0_k); here averaged over `batches`.
 * With an adapter its tensors alone are stepped. At the start LoRA's B is zero and so is the gradient of A: A is not moved and
 * its importance is 0, until B has left zero and the model is profiled again.
 * With `reach` all are stepped all the same, so that no importance depends on the budget, to the bit (GreenTrainer's code steps only
 * what the budget reaches); but the gradients at w1 stop at the deepest tensor that is reached.
 * The model is not touched: w1 are new tensors that are forgotten, so weights and moments stay as they were, bit by bit.
 * Source: pittisl/GreenTrainer, decoder_lm/train.py.
 */
export async function profileModel<Batch>(
  model: Trainable<Batch>,
  batches: readonly Batch[],
  trial: TrialStep,
  options: ProfileOptions = {},
): Promise<Profile> {
  if (batches.length === 0) throw new ConfigError('profile() was given no batch. Give at least one.');
  const { signal, onBatch, head = 'all', reach, recompute = false, microBatch = Infinity } = options;
  const list = model.parameters.list;
  const trained = inPieces(model, microBatch);
  signal?.throwIfAborted();
  const { costs, unit, size } = await costsOf(model, batches, head);
  const reached = reach?.of(costs, list);
  const measured = list.filter((p, k) => !p.base && (reached?.[k] ?? true));
  const raw: number[][] = list.map(() => []);
  let lossBefore = 0;
  let lossAfter = 0;
  for (const [i, given] of batches.entries()) {
    signal?.throwIfAborted();
    const batch = await trained.prepare(given);
    try {
      const r = await importanceOfBatch(trained, batch, trial, measured, { recompute });
      r.raw.forEach((x, k) => raw[k]!.push(x));
      lossBefore += r.before / batches.length;
      lossAfter += r.after / batches.length;
      onBatch?.(i + 1, batches.length, r.before);
    } finally {
      batch.dispose();
    }
  }
  const means = raw.map((xs) => xs.reduce((s, x) => s + x, 0) / xs.length);
  const scale = Math.max(...means.map(Math.abs));
  if (!Number.isFinite(scale) || scale === 0) {
    throw new NonFiniteError(
      `Importance is ${scale === 0 ? 'zero for every tensor' : scale}: the loss is ${lossBefore} before and ${lossAfter} after a step. Check the weights and the learning rate.`,
    );
  }
  const entries = list.map((parameter, k) => {
    const known = !!parameter.base || (reached?.[k] ?? true);
    return Object.freeze({
      parameter,
      importance: means[k]! / scale,
      standardError: known ? standardError(raw[k]!, means[k]!) / scale : NaN,
      reached: known,
      ...costs[k]!,
    });
  });
  return Object.freeze({
    entries: Object.freeze(entries),
    total: totalCost(costs),
    batches: batches.length,
    scale,
    lossBefore,
    lossAfter,
    unit,
    size,
    ...(reach && entries.some((e) => !e.reached) && { reach: reach.rho }),
  });
}

async function importanceOfBatch(
  model: Trainable,
  batch: Prepared,
  trial: TrialStep,
  measured: readonly Parameter[],
  options: PassOptions,
) {
  const store = model.parameters;
  const stepped = store.list.filter((p) => p.base === undefined);
  const w1 = new Map<Parameter, Tensor>();
  try {
    const at0 = await model.lossAndGradients(store.get, batch, stepped, options);
    try {
      for (const [p, g] of at0.gradients) {
        w1.set(p, trial(p, store.get(p), g));
        g.dispose(); // freed one by one: two full sets of gradients never live together
      }
    } finally {
      tf.dispose([...at0.gradients.values()]);
    }
    const after: Weights = (p) => w1.get(p) ?? store.get(p);
    const at1 = await model.lossAndGradients(after, batch, measured, options);
    const raw = store.list.map(() => 0);
    try {
      for (const [p, g] of at1.gradients) raw[p.index] = await minusInner(model, g, w1.get(p)!, store.get(p));
    } finally {
      tf.dispose([...at1.gradients.values()]);
    }
    return { raw, before: at0.loss, after: at1.loss };
  } finally {
    tf.dispose([...w1.values()]);
  }
}

/** -<g, w1 - w0>; the difference is formed in float32, where it is exact or nearly so, then summed in float64. */
async function minusInner(model: Trainable, g: Tensor, w1: Tensor, w0: Tensor): Promise<number> {
  const step = model.engine.ops.addScaled(w1, w0, -1);
  try {
    return -(await model.engine.ops.dot([[g, step]]));
  } finally {
    step.dispose();
  }
}

function standardError(xs: readonly number[], mean: number): number {
  if (xs.length < 2) return NaN;
  const variance = xs.reduce((s, x) => s + (x - mean) ** 2, 0) / (xs.length - 1);
  return Math.sqrt(variance / xs.length);
}
