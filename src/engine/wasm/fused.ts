import type { Ops } from '../engine.ts';
import { activate, gated } from './ops/activation.ts';
import { add } from './ops/add.ts';
import { attention } from './ops/attention.ts';
import { attentionAt } from './ops/attention-at.ts';
import { embed } from './ops/embed.ts';
import { headLoss } from './ops/head-loss.ts';
import { layerNorm } from './ops/layer-norm.ts';
import { linear } from './ops/linear.ts';
import { rmsNorm } from './ops/rms-norm.ts';
import { split } from './ops/split.ts';
import { adamw, addScaled, dot, noise, perturb } from './ops/update.ts';
import type { Workspace } from './workspace.ts';

/** Every operation on our kernels. */
export function fusedOps(space: Workspace): Ops {
  return {
    embed: (weight, ids, padding) => embed(space, weight, ids, padding),
    rmsNorm: (x, gain, eps) => rmsNorm(space, x, gain, eps),
    layerNorm: (x, gain, bias, eps) => layerNorm(space, x, gain, bias, eps),
    linear: (x, w, bias, inOut) => linear(space, x, w, bias, inOut),
    split: (x, widths) => split(space, x, widths),
    attention: (q, k, v, shape, positions) => attention(space, q, k, v, shape, positions),
    activate: (x, activation) => activate(space, x, activation),
    gated: (gate, up, activation) => gated(space, gate, up, activation),
    add: (a, b) => add(space, a, b),
    headLoss: (h, w, targets, softcap) => headLoss(space, h, w, targets, softcap),
    attentionAt: (places, q, k, v, shape, positions) => attentionAt(space, places, q, k, v, shape, positions),
    noise: (shape, key, law) => noise(space, shape, key, law),
    perturb: (w, scale, key, law) => perturb(space, w, scale, key, law),
    addScaled: (a, b, scale) => addScaled(space, a, b, scale),
    adamw: (w, g, m, v, settings) => adamw(space, w, g, m, v, settings),
    dot: (pairs) => dot(space, pairs),
  };
}
