import type { Ops } from '../engine.ts';
import { fillNoise } from '../../noise/index.ts';
import { tf } from '../tf.ts';
import { adamw } from './adamw.ts';
import { activate, gated } from './activation.ts';
import { addScaled } from './add-scaled.ts';
import { attention, attentionAt } from './attention.ts';
import { dot } from './dot.ts';
import { embed } from './embed.ts';
import { headLoss } from './head-loss.ts';
import { layerNorm } from './layer-norm.ts';
import { linear } from './linear.ts';
import { noiseOps } from './noise.ts';
import { rmsNorm } from './rms-norm.ts';
import { split } from './split.ts';

/** Every operation made of TF.js operations: right on any backend, and the reference for the fast forms. */
export const plainOps: Ops = {
  embed,
  rmsNorm,
  layerNorm,
  linear,
  split,
  attention,
  activate,
  gated,
  add: (a, b) => tf.add(a, b),
  headLoss,
  ...noiseOps(fillNoise),
  addScaled,
  adamw,
  dot,
  attentionAt,
};
