import { ConfigError } from '../errors.ts';
import type { TokenBatch } from '../model/batch.ts';
import type { EncodedExample } from './encode.ts';

/**
 * Joins rows into a batch padded on the right with `pad`. The token at t predicts the one at t + 1, so the first token of
 * a row is never a target. Throws ConfigError for no rows, an empty row, or a row longer than `maxLength`.
 */
export function collate(
  rows: readonly EncodedExample[],
  options: { pad: number; maxLength: number },
): TokenBatch {
  const { pad, maxLength } = options;
  if (rows.length === 0) throw new ConfigError('A batch of no rows was asked for; give at least one.');
  const length = Math.max(...rows.map((row) => row.ids.length));
  if (length > maxLength || rows.some((row) => row.ids.length === 0)) {
    const lengths = rows.map((row) => row.ids.length).join(', ');
    throw new ConfigError(`Rows must have 1 to ${maxLength} tokens (maxLength); given: ${lengths}.`);
  }
  const ids = new Int32Array(rows.length * length).fill(pad);
  const positions: number[] = [];
  const targets: number[] = [];
  rows.forEach((row, b) => {
    ids.set(row.ids, b * length);
    for (const [from, to] of row.supervised) {
      for (let t = Math.max(1, from); t < to; t++) {
        positions.push(b * length + t - 1);
        targets.push(row.ids[t]!);
      }
    }
  });
  return {
    ids,
    batch: rows.length,
    length,
    positions: Int32Array.from(positions),
    targets: Int32Array.from(targets),
  };
}
