import type { Ops } from '../engine.ts';
import { plainOps } from '../ops/plain.ts';
import { dot } from './dot.ts';
import { headLoss } from './head-loss.ts';
import { noiseOps } from './noise.ts';

/** TF.js operations, and programs of our own where those would send noise to the card or read logits back. */
export const webgpuOps: Ops = { ...plainOps, ...noiseOps, headLoss, dot };
