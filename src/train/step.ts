import type { Tensor } from '@tensorflow/tfjs';
import { tf } from '../engine/tf.ts';
import {
  drawDirection,
  KeptParts,
  perturbedWeights,
  projectedGradient,
  type Direction,
} from '../estimate/index.ts';
import { addShare } from '../model/gradients.ts';
import type { Parameter } from '../model/parameters.ts';
import type { Prepared, Trainable } from '../model/trainable.ts';
import { rateAt, type AdamW } from '../optimize/index.ts';
import type { Partition } from '../partition/partition.ts';
import type { StepSettings } from './settings.ts';
import { streamsOf } from './streams.ts';
import { moveZO, zoUpdate, type ZOUpdate } from './zo-update.ts';

/** What a step needs: where the model stands, how to train it, and the key of its directions. */
export interface StepInput {
  model: Trainable;
  partition: Partition;
  /** What the model prepared. */
  batch: Prepared;
  settings: StepSettings;
  /** Moments of FO tensors (and of ZO tensors with `updateZO: 'adamw'`). */
  optimizer: AdamW;
  /** Base seed of the run. */
  seed: number;
  /** Step number, from 0; keys the directions. */
  step: number;
}

/** What a step measured. */
export interface StepResult {
  /** L_FO: loss of the clean stream. NaN when no stream was clean (two-sided with no FO tensor). */
  loss: number;
  /** L_ZO: mean loss of the perturbed streams; NaN when there was none. */
  perturbedLoss: number;
  /** Projected gradients c, one a query. */
  coefficients: number[];
  /** Norm of the FO gradient of L_FO + alpha L_ZO. */
  gradientNorm: number;
  /** What moved the ZO tensors, if anything did. */
  update?: ZOUpdate;
  /** Set when nothing was updated, with the reason. */
  skipped?: string;
}

/**
 * One Hi-ZFO step (Algorithm 1 of arXiv 2601.05501, the order of docs/decisions/0002: each stream is backpropagated with
 * the weights it ran with, so ZO tensors above FO ones and a tied head get the right gradient).
 * Weights and moments change only after every loss and gradient was found finite; when one of those throws they are as
 * before. The update itself goes tensor by tensor, since keeping all the old ones until its end would double the memory:
 * one that throws in the middle (out of memory) leaves a tensor as before or after, and whoever calls puts back those that
 * have moved. `Trainer.step` does.
 */
export async function hiZfoStep(input: StepInput): Promise<StepResult> {
  const { model, partition, batch, settings: s, optimizer, seed, step } = input;
  const store = model.parameters;
  const { fo, zo, clean: needsClean, perturbed } = streamsOf(partition, s);
  const moved = new Set(zo);
  const factor = rateAt(s.schedule, step);
  const { recompute } = s;

  // 1  clean stream: L_FO and its gradient
  const clean = needsClean ? await model.lossAndGradients(store.get, batch, fo, { recompute }) : undefined;
  const g = clean?.gradients ?? new Map<Parameter, Tensor>();
  const kept = new KeptParts(model.engine);
  try {
    const directions: Direction[] = [];
    for (let query = 0; zo.length > 0 && query < s.queries; query++) {
      const { law, rank } = s;
      directions.push(await drawDirection(model.engine, zo, { seed, step, query, law, rank }));
    }
    const perturbedLosses: number[] = [];
    const coefficients: number[] = [];
    const share = s.alpha / perturbed; // L_ZO is the mean over perturbed streams

    for (const u of directions) {
      // 2-3  perturbed stream: L_ZO at Theta_ZO + eps u, same batch, Theta_FO as it is; its gradient joins with weight alpha
      const stream = async (scale: number) => {
        const weights = perturbedWeights(model.engine, store, moved, u, scale, kept);
        const wanted = s.alpha > 0 ? fo : [];
        const { loss, gradients } = await model.lossAndGradients(weights, batch, wanted, { recompute });
        addShare(model, g, gradients, share);
        return loss;
      };
      const plus = await stream(s.epsilon);
      const minus = s.estimator === 'two-sided' ? await stream(-s.epsilon) : (clean?.loss ?? NaN);
      // 4  restore: Theta_ZO was never touched, the perturbed copies are gone
      perturbedLosses.push(...(s.estimator === 'two-sided' ? [plus, minus] : [plus]));
      coefficients.push(projectedGradient(s, { plus, minus }));
    }

    const gradientNorm = Math.sqrt(await model.engine.ops.dot([...g.values()].map((x) => [x, x] as const)));
    const perturbedLoss = perturbedLosses.reduce((a, b) => a + b, 0) / perturbedLosses.length;
    const result: StepResult = { loss: clean?.loss ?? NaN, perturbedLoss, coefficients, gradientNorm };
    const skipped = nonFinite(clean?.loss ?? 0, perturbedLosses, gradientNorm);
    if (skipped) return { ...result, skipped };

    // 5  Theta_FO <- AdamW(grad of L_FO + alpha L_ZO)
    updateFO(input, g, gradientNorm, factor);
    // 6-7  Theta_ZO <- Theta_ZO - eta_ZO (1/q) sum c u
    if (s.updateZO === 'off' || zo.length === 0) return result;
    const update = zoUpdate(s, directions, coefficients, s.rateZO * factor);
    for (const p of zo) {
      store.replace(p, moveZO(model.engine, optimizer, p, store.get(p), update, kept));
    }
    return { ...result, update };
  } finally {
    kept.dispose();
    tf.dispose([...g.values()]);
  }
}

/** Moves the FO tensors and uses their gradients up, the largest tensor last, when all other gradients are gone. */
function updateFO(input: StepInput, g: Map<Parameter, Tensor>, norm: number, factor: number): void {
  const { model, settings: s, optimizer } = input;
  const shrink = norm > s.clipNorm ? s.clipNorm / norm : 1;
  for (const [p, gradient] of [...g].sort(([a], [b]) => a.size - b.size)) {
    const used = shrink === 1 ? gradient : gradient.mul<Tensor>(shrink);
    if (used !== gradient) gradient.dispose();
    try {
      const next = optimizer.propose(p, model.parameters.get(p), used, s.rateFO * factor);
      next.commit();
      model.parameters.replace(p, next.w);
    } finally {
      used.dispose();
    }
  }
}

function nonFinite(loss: number, perturbed: readonly number[], norm: number): string | undefined {
  if (!Number.isFinite(loss)) return `the clean loss is ${loss}`;
  const bad = perturbed.find((x) => !Number.isFinite(x));
  if (bad !== undefined) return `a perturbed loss is ${bad}`;
  if (!Number.isFinite(norm)) return `the gradient norm is ${norm}`;
  return undefined;
}
