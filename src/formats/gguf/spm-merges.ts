/**
 * Merge pairs of a SentencePiece BPE vocabulary, best first. SentencePiece joins the two neighbours whose join has the best score;
 * a list of merges does the same when it names every way to make each token of two others, in the order of the scores.
 * `joined` tells the tokens that arise from text; control and byte tokens do not.
 * Source: huggingface/transformers, convert_slow_tokenizer.py (generate_merges).
 */
export function mergesOf(
  tokens: readonly string[],
  vocab: ReadonlyMap<string, number>,
  scores: readonly number[],
  joined: (token: number) => boolean,
): [string, string][] {
  const ways: { left: string; right: string; token: number }[] = [];
  for (const [token, text] of tokens.entries()) {
    if (!joined(token)) continue;
    const characters = Array.from(text);
    for (let cut = 1; cut < characters.length; cut++) {
      const left = characters.slice(0, cut).join('');
      const right = characters.slice(cut).join('');
      if (vocab.has(left) && vocab.has(right)) ways.push({ left, right, token });
    }
  }
  const rank = (token: number) => scores[token] ?? 0;
  ways.sort((a, b) => rank(b.token) - rank(a.token) || a.token - b.token);
  return ways.map(({ left, right }) => [left, right]);
}
