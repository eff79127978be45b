import type { Tensor2D } from '@tensorflow/tfjs';
import { philoxBlock, tensorId } from '../noise/index.ts';
import type { RowsForward } from './generate-forward.ts';
import type { Decoding } from './generate-options.ts';
import { candidates, largest, penalize, type TokenScores } from './generate-scores.ts';
import { hasStopped, type StopStrings } from './generate-stop.ts';

/** Token ids that end a row, and all else that is the same for every way of decoding. */
export interface RowEnds {
  eos: number;
  stop: StopStrings | undefined;
  signal: AbortSignal | undefined;
}

/** The rows of logits on the host; frees the tensor and lets clicks and the stop button through. */
export async function readRows(logits: Tensor2D): Promise<Float32Array[]> {
  try {
    const [rows, vocabulary] = logits.shape;
    const all = await logits.data<'float32'>();
    await new Promise(setImmediate);
    return Array.from({ length: rows }, (_, b) => all.subarray(b * vocabulary, (b + 1) * vocabulary));
  } finally {
    logits.dispose();
  }
}

const stream = tensorId('generate');

/** Uniform in [0, 1) with 53 bits, by (seed, row, token). */
export function uniform(seed: number, row: number, token: number): number {
  const words = new Uint32Array(4);
  philoxBlock(words, 0, 0, row, stream, seed, token);
  return ((words[0]! >>> 5) * 2 ** 26 + (words[1]! >>> 6)) / 2 ** 53;
}

/** Draws from the candidates of `scores`; `u` is uniform in [0, 1). */
export function draw(scores: TokenScores, settings: Decoding, u: number): number {
  const { ids, probabilities } = candidates(scores, settings);
  let sum = 0;
  const at = probabilities.findIndex((p) => (sum += p) > u);
  return ids[at < 0 ? ids.length - 1 : at]!;
}

/** Greedy decoding, or sampling when the temperature is above 0: the new tokens of each row, without the end token. */
export async function decodeRows(
  forward: RowsForward,
  prompts: readonly (readonly number[])[],
  settings: Decoding,
  { eos, stop, signal }: RowEnds,
): Promise<number[][]> {
  const out: number[][] = prompts.map(() => []);
  const seen = prompts.map((prompt) => new Set(prompt));
  let open = prompts.map((_, row) => row);
  let logits = forward.start();
  for (let n = 0; ; n++) {
    const rows = await readRows(logits);
    signal?.throwIfAborted();
    const ids = rows.map((values, i) => {
      const row = open[i]!;
      const scores = Float64Array.from(values);
      penalize(scores, seen[row]!, settings.repetitionPenalty);
      if (n < settings.minNewTokens) scores[eos] = -Infinity;
      if (settings.temperature === 0) return largest(scores, 1)[0]!;
      return draw(scores, settings, uniform(settings.seed, settings.firstRow + row, n));
    });
    const kept: number[] = [];
    ids.forEach((id, i) => {
      const row = open[i]!;
      if (id === eos) return;
      out[row]!.push(id);
      seen[row]!.add(id);
      if (!hasStopped(out[row]!, stop)) kept.push(i);
    });
    if (kept.length === 0 || n + 1 === settings.maxNewTokens) return out;
    open = kept.map((i) => open[i]!);
    forward.select(kept); // rows that are done cost nothing more
    logits = forward.next(kept.map((i) => ids[i]!));
  }
}
