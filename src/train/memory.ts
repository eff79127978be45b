import { ConfigError } from '../errors.ts';
import { KEPT_BYTES } from '../estimate/index.ts';
import { layerFloats, tapeFloats, type Decoder, type Parameter } from '../model/index.ts';
import type { Partition } from '../partition/index.ts';
import type { StepSettings } from './settings.ts';
import { streamsOf } from './streams.ts';

/** Rows of a batch, its length in tokens, and how many tokens are supervised. */
export interface SupervisedSize {
  batch: number;
  length: number;
  supervised: number;
}

/** Bytes that a step holds at its peak, and what they are. Float32 everywhere. */
export interface StepMemory {
  peak: number;
  /** All weights. */
  weights: number;
  /** AdamW's two moments of what it moves. */
  moments: number;
  /** At the peak: gradients of FO tensors, those of the clean stream beside those of the perturbed one. */
  gradients: number;
  /** At the peak: what layers have left for the backward pass. */
  activations: number;
  /** At the peak: perturbed copies that the backward pass still needs. */
  perturbed: number;
  /** At the peak: directions that are kept for their next use. */
  directions: number;
  /** At the peak: logits and what else lives for the time of one operation. */
  passing: number;
}

const FLOAT = 4;
/** The fused head makes no more logits than this at a time. */
const LOGITS_BYTES = 64 * 2 ** 20;

/** Scratch of the kernels, whatever the model: 3.3 to 3.7 MB were seen on two threads. */
const SCRATCH = 3.5e6;

const bytesOf = (list: readonly Parameter[]): number => list.reduce((sum, p) => sum + FLOAT * p.size, 0);
const largest = (list: readonly Parameter[]): number => Math.max(0, ...list.map((p) => FLOAT * p.size));

/**
 * Peak memory of one step, before it is run, by the order of `hiZfoStep`: one graph at a time, blocks below the deepest FO
 * tensor outside the tape, perturbed copies by block, the update tensor by tensor. For the fused wasm operations; plain ones
 * keep more. Within 15% of what is allocated in the cases of test/train/memory.test.ts and bench/memory.ts.
 */
export function stepMemory(
  model: Decoder,
  partition: Partition,
  s: StepSettings,
  size: SupervisedSize,
): StepMemory {
  const { list } = model.parameters;
  const { fo, zo, clean, perturbed } = streamsOf(partition, s);
  const weights = bytesOf(list);
  const moments = 2 * (bytesOf(fo) + (s.updateZO === 'adamw' ? bytesOf(zo) : 0));
  const held = bytesOf(fo); // gradients of the clean stream wait while the perturbed one runs
  const directions = perturbed > 0 ? keptBytes(zo, s.queries) : 0;
  const live: Live[] = [];
  if (clean) live.push(streamPeak(model, fo, [], size));
  if (perturbed > 0) {
    const wrt = s.alpha > 0 ? fo : [];
    const stream = streamPeak(model, wrt, zo, size);
    live.push({ ...stream, directions, gradients: stream.gradients + (fo.length > 0 ? held : 0) });
  }
  const update = Math.max(3 * largest(fo), 2 * largest(zo));
  live.push({ ...NOTHING, gradients: held, directions, passing: update });
  const worst = live.reduce((a, b) => (total(b) > total(a) ? b : a));
  const passing = worst.passing + SCRATCH;
  return { peak: weights + moments + total(worst) + SCRATCH, weights, moments, ...worst, passing };
}

/** The prediction may be this much too high: only what cannot fit is refused. */
const ERROR = 1.15;
/** What the wasm heap holds at most: its 4 GiB less what pieces between tensors cost (measured: 8% at 2 GB). */
const HEAP = 0.92 * 2 ** 32;

/** @throws ConfigError when a step will not fit the wasm heap, with the largest batch that does */
export function assertFits(
  model: Decoder,
  partition: Partition,
  settings: StepSettings,
  size: SupervisedSize,
): void {
  const needs = (batch: number): number => {
    const supervised = Math.ceil((size.supervised * batch) / size.batch);
    return stepMemory(model, partition, settings, { ...size, batch, supervised }).peak;
  };
  if (needs(size.batch) <= ERROR * HEAP) return;
  let [fits, not] = [0, size.batch];
  while (not - fits > 1) {
    const middle = (fits + not) >> 1;
    if (needs(middle) <= HEAP) fits = middle;
    else not = middle;
  }
  const gb = (bytes: number) => (bytes / 1e9).toFixed(1);
  const advice =
    fits > 0
      ? `With these labels ${fits} rows of that length fit: batchSize ${fits}.`
      : 'With these labels not one row of that length fits: make fewer tensors FO (a lower rho), or maxLength smaller.';
  throw new ConfigError(
    `A step on ${size.batch} rows of ${size.length} tokens would need ${gb(needs(size.batch))} GB; the wasm heap holds ` +
      `${gb(HEAP)}. ${advice} Or take the native engine. Nothing has changed.`,
  );
}

/** What lives at one moment of a step, beside weights and moments. */
type Live = Omit<StepMemory, 'peak' | 'weights' | 'moments'>;

const NOTHING: Live = { gradients: 0, activations: 0, perturbed: 0, directions: 0, passing: 0 };

const total = (m: Live): number => m.gradients + m.activations + m.perturbed + m.directions + m.passing;

/** Directions that `KeptParts` keeps: query by query, the tensors in order, each that there is room for. */
function keptBytes(zo: readonly Parameter[], queries: number): number {
  let left = KEPT_BYTES;
  for (let query = 0; query < queries; query++) {
    for (const p of zo) if (FLOAT * p.size <= left) left -= FLOAT * p.size;
  }
  return KEPT_BYTES - left;
}

/** The moment of one stream, forward and back to the deepest of `wrt`, at which most lives. */
function streamPeak(
  model: Decoder,
  wrt: readonly Parameter[],
  zo: readonly Parameter[],
  { batch, length, supervised }: SupervisedSize,
): Live {
  const { config } = model;
  const rows = batch * length;
  const top = model.blocks; // the head
  const deepest = Math.min(top, ...wrt.map((p) => model.blockOf(p)));
  const inBlock = (of: readonly Parameter[], b: number) => of.filter((p) => model.blockOf(p) === b);
  const states = FLOAT * rows * config.hidden;
  const layer = FLOAT * rows * tapeFloats(config);
  const moved = new Set(zo);
  const table = FLOAT * model.headParameter.size;

  const logits = Math.min(FLOAT * supervised * config.vocabulary, LOGITS_BYTES);
  const headRows = 3 * FLOAT * supervised * config.hidden;
  const headCopy = moved.has(model.headParameter) ? table : 0;
  if (wrt.length === 0) {
    // nothing is kept: the largest block, or the head
    const whole = FLOAT * rows * layerFloats(config);
    const block = Math.max(
      ...Array.from({ length: top }, (_, b) => bytesOf(inBlock(zo, b)) + (b > 0 ? whole : 0)),
    );
    return {
      ...NOTHING,
      passing: states + Math.max(block, logits + headRows + headCopy),
    };
  }
  const has = new Set(wrt);
  const kept = (from: number, to: number) => Math.max(0, Math.min(to, top) - Math.max(1, from)) * layer;
  const copies = (to: number) => {
    let sum = 0;
    for (let b = Math.max(1, deepest); b < to; b++) sum += bytesOf(inBlock(zo, b));
    return sum;
  };
  // the head, with its gradient where it is wanted
  const headGradient = has.has(model.headParameter) ? table : 0;
  const atHead: Live = {
    ...NOTHING,
    gradients: headGradient + bytesOf(inBlock(wrt, top).filter((p) => p !== model.headParameter)),
    activations: kept(deepest, top) + states,
    perturbed: copies(top) + headCopy,
    passing: logits + headRows,
  };
  // each layer on the way back
  const back: Live[] = [];
  let done = atHead.gradients;
  for (let b = top - 1; b >= Math.max(1, deepest); b--) {
    const own = bytesOf(inBlock(wrt, b));
    done += own;
    const flowing = FLOAT * rows * (2 * config.hidden + 2 * config.feedForward);
    back.push({
      ...NOTHING,
      gradients: done,
      activations: kept(deepest, b) + layer / 2,
      perturbed: copies(b),
      passing: flowing,
    });
  }
  // the look-up of a tied embedding adds its gradient to the head's: three of them for a moment
  if (deepest === 0) {
    const embedding = bytesOf(inBlock(wrt, 0));
    const twice = config.tied && headGradient > 0 ? 2 * table : 0;
    back.push({
      ...NOTHING,
      gradients: done + (headGradient > 0 && config.tied ? 0 : embedding),
      activations: states,
      passing: states + twice,
    });
  }
  return [atHead, ...back].reduce((a, b) => (total(b) > total(a) ? b : a));
}
