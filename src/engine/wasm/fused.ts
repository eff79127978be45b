import type { Ops } from '../engine.ts';
import { attention } from './ops/attention.ts';
import { add, swiglu } from './ops/elementwise.ts';
import { embed } from './ops/embed.ts';
import { headLoss } from './ops/head-loss.ts';
import { linear } from './ops/linear.ts';
import { rmsNorm } from './ops/rms-norm.ts';
import { adamw, addScaled, dot, noise, perturb } from './ops/update.ts';
import type { Workspace } from './workspace.ts';

/** Every operation on our kernels. */
export function fusedOps(space: Workspace): Ops {
  return {
    embed: (weight, ids, padding) => embed(space, weight, ids, padding),
    rmsNorm: (x, gain, eps) => rmsNorm(space, x, gain, eps),
    linear: (x, w, bias) => linear(space, x, w, bias),
    attention: (q, k, v, shape, rotary) => attention(space, q, k, v, shape, rotary),
    swiglu: (gate, up) => swiglu(space, gate, up),
    add: (a, b) => add(space, a, b),
    headLoss: (h, w, targets) => headLoss(space, h, w, targets),
    noise: (shape, key, law) => noise(space, shape, key, law),
    perturb: (w, scale, key, law) => perturb(space, w, scale, key, law),
    addScaled: (a, b, scale) => addScaled(space, a, b, scale),
    adamw: (w, g, m, v, settings) => adamw(space, w, g, m, v, settings),
    dot: (pairs) => dot(space, pairs),
  };
}
