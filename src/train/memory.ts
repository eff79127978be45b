import { KEPT_BYTES } from '../estimate/index.ts';
import type { Decoder, Parameter, TokenBatch } from '../model/index.ts';
import type { Partition } from '../partition/index.ts';
import type { StepSettings } from './settings.ts';
import { FLOAT, NOTHING, streamPeak, total, worst, type Live, type SupervisedSize } from './stream-memory.ts';
import { streamsOf } from './streams.ts';

export type { SupervisedSize };

/** The size of a batch. */
export function supervisedSize({ batch, length, targets }: TokenBatch): SupervisedSize {
  return { batch, length, supervised: targets.length };
}

/** Bytes of the tensors that a step holds at its peak, and what they are. Float32 everywhere. Scratch of the kernels not: 1.2 MB a thread. */
export interface StepMemory {
  peak: number;
  /** All weights. */
  weights: number;
  /** AdamW's two moments of what it moves. */
  moments: number;
  /** At the peak: gradients of FO tensors, those of the clean stream beside those of the perturbed one. */
  gradients: number;
  /** At the peak: what layers have left for the backward pass; with recomputation one layer's, and the states between layers. */
  activations: number;
  /** At the peak: perturbed copies that the backward pass still needs. */
  perturbed: number;
  /** At the peak: directions that are kept for their next use. */
  directions: number;
  /** At the peak: logits and what else lives for the time of one operation. */
  passing: number;
}

const bytesOf = (list: readonly Parameter[]): number => list.reduce((sum, p) => sum + FLOAT * p.size, 0);
const largest = (list: readonly Parameter[]): number => Math.max(0, ...list.map((p) => FLOAT * p.size));

/**
 * Peak memory of one step, before it is run, by the order of `hiZfoStep`: one graph at a time, blocks below the deepest FO
 * tensor outside the tape, perturbed copies by block, the update tensor by tensor. For the fused wasm operations; plain ones
 * keep more. Within 6% of what is allocated in the cases of test/train/memory.test.ts and bench/memory.ts.
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
  const { recompute } = s;
  const piece = pieceOf(size, s.microBatch);
  /** What the pieces before have added up waits while the next one runs. */
  const summed = (wrt: readonly Parameter[]) => (piece.batch < size.batch ? bytesOf(wrt) : 0);
  if (clean) {
    const stream = streamPeak(model, { wrt: fo, zo: [], recompute }, piece);
    live.push({ ...stream, gradients: stream.gradients + summed(fo) });
  }
  if (perturbed > 0) {
    const wrt = s.alpha > 0 ? fo : [];
    const stream = streamPeak(model, { wrt, zo, recompute }, piece);
    live.push({ ...stream, directions, gradients: stream.gradients + held + summed(wrt) });
  }
  live.push(...updates(fo, directions), {
    ...NOTHING,
    directions,
    passing: tensorsOfUpdate(s) * largest(zo),
  });
  const most = worst(live);
  return { peak: weights + moments + total(most), weights, moments, ...most };
}

/** The update of each FO tensor, the largest last: gradients are there from its own on; weight and moments are made anew. */
function updates(fo: readonly Parameter[], directions: number): Live[] {
  const bySize = fo.map((p) => FLOAT * p.size).sort((a, b) => a - b);
  let gradients = bySize.reduce((sum, bytes) => sum + bytes, 0);
  return bySize.map((bytes) => {
    const moment = { ...NOTHING, gradients, directions, passing: 3 * bytes };
    gradients -= bytes;
    return moment;
  });
}

/** Tensors that the update of a ZO tensor makes at a time: the estimate and AdamW's three, or the sum over queries and the next. */
function tensorsOfUpdate({ updateZO, queries, law }: StepSettings): number {
  if (updateZO === 'adamw') return 4;
  return queries > 1 || law === 'low-rank' ? 2 : 1;
}

/** The largest piece of a batch, when it runs `rows` rows at a time. */
function pieceOf(size: SupervisedSize, rows: number): SupervisedSize {
  const batch = Math.min(rows, size.batch);
  return { ...size, batch, supervised: Math.ceil((size.supervised * batch) / size.batch) };
}

/** Directions that `KeptParts` keeps: query by query, the tensors in order, each that there is room for. */
function keptBytes(zo: readonly Parameter[], queries: number): number {
  let left = KEPT_BYTES;
  for (let query = 0; query < queries; query++) {
    for (const p of zo) if (FLOAT * p.size <= left) left -= FLOAT * p.size;
  }
  return KEPT_BYTES - left;
}
