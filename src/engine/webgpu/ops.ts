import type { Ops } from '../engine.ts';
import { plainOps } from '../ops/plain.ts';
import { activate, gated } from './activation.ts';
import { adamw } from './adamw.ts';
import { addScaled } from './add-scaled.ts';
import { attention, attentionAt } from './attention.ts';
import { dot } from './dot.ts';
import { embed } from './embed.ts';
import { headLoss } from './head-loss.ts';
import { layerNorm } from './layer-norm.ts';
import { linear } from './linear.ts';
import { noiseOps } from './noise.ts';
import { rmsNorm } from './rms-norm.ts';

/** Programs of our own; the products, sums of two tensors and pieces of columns are TF.js's. */
export const webgpuOps: Ops = {
  ...plainOps, // add and split, which are one program a result there
  embed,
  rmsNorm,
  layerNorm,
  linear,
  attention,
  activate,
  gated,
  headLoss,
  ...noiseOps,
  addScaled,
  adamw,
  dot,
  attentionAt,
};
