import { ConfigError } from '../errors.ts';
import type { TokenBatch } from '../model/batch.ts';

/** One row: its tokens up to the last target, and the places (row-relative) where a next token is supervised. */
interface Row {
  ids: number[];
  supervised: { at: number; target: number }[];
}

/**
 * `n` tokens for a softmax to range over: every target of these batches, then the lowest ids, which are roughly the most frequent
 * tokens where a vocabulary was built by merging pairs.
 */
export function candidatesOf(batches: readonly TokenBatch[], n: number, vocabulary: number): Int32Array {
  const targets = new Set(batches.flatMap((b) => [...b.targets]));
  check('candidates', n, vocabulary, targets.size);
  for (let id = 0; targets.size < n; id++) targets.add(id);
  return Int32Array.from(targets).sort();
}

/** The same batch with its predictions among some tokens only. */
export function among(batch: TokenBatch, candidates: Int32Array): TokenBatch {
  return { ...batch, candidates };
}

/** The first `n` rows of a batch. */
export function firstRows(batch: TokenBatch, n: number): TokenBatch {
  check('rows', n, batch.batch);
  return join(rowsOf(batch).slice(0, n), batch);
}

/** Every row cut to its last `n` tokens: shorter context, the same targets as far as they are still preceded by a token. */
export function lastTokens(batch: TokenBatch, n: number): TokenBatch {
  check('tokens', n, batch.length, 2);
  return join(
    rowsOf(batch).map(({ ids, supervised }) => {
      const cut = Math.max(0, ids.length - n);
      const kept = supervised
        .filter(({ at }) => at >= cut)
        .map(({ at, target }) => ({ at: at - cut, target }));
      return { ids: ids.slice(cut), supervised: kept };
    }),
    batch,
  );
}

/** Only the first `n` targets of every row: shorter output, the same context. What follows is cut off. */
export function firstTargets(batch: TokenBatch, n: number): TokenBatch {
  return targetsBetween(batch, 0, n);
}

/** Only the targets `from`..`to` - 1 of every row; those before stay as context, what follows is cut off. */
export function targetsBetween(batch: TokenBatch, from: number, to = Infinity): TokenBatch {
  check('targets', to === Infinity ? from + 1 : to - from, Infinity);
  return join(
    rowsOf(batch).map(({ ids, supervised }) => {
      const kept = supervised.slice(from, to);
      return { ids: ids.slice(0, (kept.at(-1)?.at ?? 0) + 2), supervised: kept };
    }),
    batch,
  );
}

function rowsOf({ ids, batch, length, positions, targets }: TokenBatch): Row[] {
  const rows = Array.from({ length: batch }, (): Row => ({ ids: [], supervised: [] }));
  positions.forEach((place, i) => {
    rows[Math.floor(place / length)]!.supervised.push({ at: place % length, target: targets[i]! });
  });
  rows.forEach((row, b) => {
    const end = (row.supervised.at(-1)?.at ?? 0) + 2; // the last target is the token after
    row.ids = [...ids.slice(b * length, b * length + Math.min(length, end))];
  });
  return rows;
}

/** Rows as a batch, padded on the right with zeros, which no position that counts can see; candidates as they were. */
function join(rows: readonly Row[], { candidates }: TokenBatch): TokenBatch {
  const length = Math.max(...rows.map((r) => r.ids.length));
  const ids = new Int32Array(rows.length * length);
  rows.forEach((row, b) => ids.set(row.ids, b * length));
  const marks = rows.flatMap((row, b) =>
    row.supervised.map(({ at, target }) => [b * length + at, target] as const),
  );
  return {
    ids,
    batch: rows.length,
    length,
    positions: Int32Array.from(marks, ([at]) => at),
    targets: Int32Array.from(marks, ([, target]) => target),
    ...(candidates && { candidates }),
  };
}

function check(what: string, n: number, most: number, least = 1): void {
  if (Number.isSafeInteger(n) && n >= least && n <= most) return;
  const range = most === Infinity ? `from ${least} on` : `from ${least} to ${most}`;
  throw new ConfigError(`${n} ${what} of the batch were asked for; give a whole number ${range}.`);
}
