/** Scores of the next token over the vocabulary, in float64, on the host. */
export type TokenScores = Float64Array;

/** log softmax of one row of logits. */
export function logSoftmax(logits: ArrayLike<number>): TokenScores {
  let most = -Infinity;
  for (let v = 0; v < logits.length; v++) most = Math.max(most, logits[v]!);
  let sum = 0;
  for (let v = 0; v < logits.length; v++) sum += Math.exp(logits[v]! - most);
  const shift = most + Math.log(sum);
  return Float64Array.from(logits, (x) => x - shift);
}

/** Makes tokens that were seen less likely: negative scores times `penalty`, positive ones divided by it. */
export function penalize(scores: TokenScores, seen: ReadonlySet<number>, penalty: number): void {
  if (penalty === 1) return;
  for (const id of seen) scores[id] = scores[id]! < 0 ? scores[id]! * penalty : scores[id]! / penalty;
}

/** Indices of the `count` largest values, largest first; of equal values the lower index comes first. -Infinity never counts. */
export function largest(values: ArrayLike<number>, count: number): number[] {
  const best: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (x === -Infinity || (best.length === count && x <= values[best[count - 1]!]!)) continue;
    let at = best.length;
    while (at > 0 && values[best[at - 1]!]! < x) at--;
    best.splice(at, 0, i);
    if (best.length > count) best.pop();
  }
  return best;
}

/** Ids that a draw may take and their probabilities, by temperature, then topK, then topP, as transformers order them. */
export function candidates(
  scores: TokenScores,
  { temperature, topK, topP }: { temperature: number; topK: number; topP: number },
): { ids: number[]; probabilities: number[] } {
  const everything = topK === 0 || topK >= scores.length;
  let ids: number[];
  if (!everything) ids = largest(scores, topK);
  else {
    ids = Array.from(scores.keys()).filter((id) => scores[id] !== -Infinity);
    if (topP < 1) ids.sort((a, b) => scores[b]! - scores[a]! || a - b);
  }
  const probabilities = Array.from(logSoftmax(ids.map((id) => scores[id]! / temperature)), Math.exp);
  if (topP === 1) return { ids, probabilities };
  let sum = 0;
  const kept = probabilities.findIndex((p) => (sum += p) >= topP) + 1 || ids.length;
  return { ids: ids.slice(0, kept), probabilities: probabilities.slice(0, kept).map((p) => p / sum) };
}
