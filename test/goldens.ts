import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TokenBatch } from '../src/model/index.ts';

/** expected.json of a tiny model made by PyTorch (see scripts/goldens.mjs). */
export interface Expected {
  input_ids: number[][];
  attention_mask: number[][];
  labels: number[][];
  loss: number;
  logits_slice: number[][][];
  grads: Record<string, { norm: number; idx: number[]; val: number[] }>;
}

export function readJson<T>(...path: string[]): T {
  return JSON.parse(readFileSync(join(...path), 'utf8')) as T;
}

/** The batch of a golden: labels are unshifted with -100 = not supervised, as in transformers. */
export function goldenBatch({ input_ids: ids, labels }: Pick<Expected, 'input_ids' | 'labels'>): TokenBatch {
  const length = ids[0]!.length;
  const positions: number[] = [];
  const targets: number[] = [];
  labels.forEach((row, b) => {
    row.slice(1).forEach((label, t) => {
      if (label === -100) return;
      positions.push(b * length + t);
      targets.push(label);
    });
  });
  return {
    ids: Int32Array.from(ids.flat()),
    batch: ids.length,
    length,
    positions: Int32Array.from(positions),
    targets: Int32Array.from(targets),
  };
}
