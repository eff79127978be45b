import type { RowsForward } from './generate-forward.ts';
import type { Decoding } from './generate-options.ts';
import { largest, logSoftmax, penalize } from './generate-scores.ts';
import { hasStopped } from './generate-stop.ts';
import { readRows, type RowEnds } from './generate-rows.ts';

/** New tokens and the sum of their scores; of a finished one, the sum over a power of its length. */
interface Hypothesis {
  ids: number[];
  score: number;
}

/** The search for one prompt. */
class BeamSearch {
  running: Hypothesis[] = [{ ids: [], score: 0 }];
  finished: Hypothesis[] = [];
  done = false;

  constructor(
    private readonly prompt: readonly number[],
    private readonly settings: Decoding,
    private readonly ends: RowEnds,
  ) {}

  /**
   * Takes the logits after each running hypothesis and moves on by a token. Returns, for each hypothesis that then runs, the
   * index of the one it continues. As `_beam_search` of transformers 5: the best 2 * beams continuations are looked at; those
   * of the first `beams` that end are finished, the best that go on run.
   */
  advance(logits: readonly ArrayLike<number>[]): number[] {
    const { beams, maxNewTokens, lengthPenalty, earlyStopping } = this.settings;
    const length = this.running[0]!.ids.length + 1;
    const continued = this.running.flatMap((hypothesis, parent) => {
      const scores = this.scores(hypothesis, logits[parent]!);
      return largest(scores, 2 * beams).map((id) => ({
        ids: [...hypothesis.ids, id],
        score: hypothesis.score + scores[id]!,
        parent,
      }));
    });
    const order = largest(
      continued.map((c) => c.score),
      2 * beams,
    );
    const best = order.map((i) => continued[i]!);
    const atEnd = best.map((c) => length === maxNewTokens || this.isOver(c.ids));

    const full = this.finished.length === beams;
    if (!(full && earlyStopping)) {
      const added = best
        .filter((_, rank) => rank < beams && atEnd[rank])
        .map(({ ids, score }) => ({ ids, score: score / length ** lengthPenalty }));
      const all = [...this.finished, ...added];
      const scores = all.map((h) => h.score);
      this.finished = largest(scores, beams).map((i) => all[i]!);
    }
    const going = best.filter((_, rank) => !atEnd[rank]).slice(0, beams);
    this.running = going.map(({ ids, score }) => ({ ids, score }));
    this.done = going.length === 0 || !this.canImprove(length);
    return this.done ? [] : going.map((c) => c.parent);
  }

  /** The best finished hypothesis, without its end token. */
  get best(): number[] {
    const ids = (this.finished[0] ?? this.running[0]!).ids;
    return ids.at(-1) === this.ends.eos ? ids.slice(0, -1) : ids;
  }

  private canImprove(length: number): boolean {
    const { beams, lengthPenalty, earlyStopping } = this.settings;
    if (this.finished.length < beams) return true;
    if (earlyStopping) return false;
    return this.running[0]!.score / length ** lengthPenalty > this.finished.at(-1)!.score;
  }

  private isOver(ids: readonly number[]): boolean {
    return ids.at(-1) === this.ends.eos || hasStopped(ids, this.ends.stop);
  }

  private scores({ ids }: Hypothesis, logits: ArrayLike<number>): Float64Array {
    const { repetitionPenalty, minNewTokens } = this.settings;
    const scores = logSoftmax(logits);
    penalize(scores, new Set([...this.prompt, ...ids]), repetitionPenalty);
    if (ids.length < minNewTokens) scores[this.ends.eos] = -Infinity;
    return scores;
  }
}

/** Beam search for several prompts at once: the best hypothesis of each, without the end token. */
export async function decodeBeams(
  forward: RowsForward,
  prompts: readonly (readonly number[])[],
  settings: Decoding,
  ends: RowEnds,
): Promise<number[][]> {
  const searches = prompts.map((prompt) => new BeamSearch(prompt, settings, ends));
  let logits = forward.start();
  for (;;) {
    const rows = await readRows(logits);
    ends.signal?.throwIfAborted();
    const from: number[] = [];
    let first = 0;
    for (const search of searches.filter((s) => !s.done)) {
      const count = search.running.length;
      const parents = search.advance(rows.slice(first, first + count));
      from.push(...parents.map((parent) => first + parent));
      first += count;
    }
    if (from.length === 0) return searches.map((s) => s.best);
    forward.select(from);
    const open = searches.filter((s) => !s.done);
    logits = forward.next(open.flatMap((s) => s.running.map((h) => h.ids.at(-1)!)));
  }
}
