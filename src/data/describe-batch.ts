import type { TokenBatch } from '../model/index.ts';
import type { Tokenizer } from './task.ts';

/** Tokens of a row in sequence, all learnt or all given. */
export interface BatchPart {
  text: string;
  tokens: number;
  /** Whether the loss is taken on them. */
  supervised: boolean;
}

/** One row of a batch. */
export interface BatchRow {
  parts: readonly BatchPart[];
  /** Tokens without padding. */
  tokens: number;
  supervised: number;
  padding: number;
}

/** What stands for an end token, which has no text. */
const end = '⏹';

/** What a batch holds, row by row, with the tokens that the loss is taken on apart from the others. */
export function describeBatch(
  { ids, batch, length, positions }: TokenBatch,
  tokenizer: Pick<Tokenizer, 'decode' | 'eos'>,
): BatchRow[] {
  return Array.from({ length: batch }, (_, b) => {
    const learnt = new Set<number>();
    for (const p of positions) if (Math.floor(p / length) === b) learnt.add((p % length) + 1);
    const tokens = Math.max(0, ...learnt) + 1; // a row ends with what is learnt, the rest is padding
    const row = [...ids.subarray(b * length, b * length + tokens)];
    const parts: { ids: number[]; supervised: boolean }[] = [];
    row.forEach((id, t) => {
      const supervised = learnt.has(t);
      const last = parts.at(-1);
      if (last?.supervised === supervised) last.ids.push(id);
      else parts.push({ ids: [id], supervised });
    });
    return {
      parts: parts.map((part) => ({
        text: withEnds(part.ids, tokenizer),
        tokens: part.ids.length,
        supervised: part.supervised,
      })),
      tokens,
      supervised: learnt.size,
      padding: length - tokens,
    };
  });
}

function withEnds(ids: readonly number[], tokenizer: Pick<Tokenizer, 'decode' | 'eos'>): string {
  const pieces: number[][] = [[]];
  for (const id of ids) {
    if (id === tokenizer.eos) pieces.push([]);
    else pieces.at(-1)!.push(id);
  }
  return pieces.map((piece) => tokenizer.decode(piece)).join(end);
}
