/** A merge rule of byte-pair encoding: the two symbols that become one. */
export type Merge = [string, string];

/** Merges every occurrence of the pair in one word. */
function apply(word: readonly string[], [left, right]: Merge): string[] {
  const out: string[] = [];
  for (let i = 0; i < word.length; i++) {
    if (word[i] === left && word[i + 1] === right) {
      out.push(left + right);
      i++;
    } else out.push(word[i]!);
  }
  return out;
}

/**
 * Learns merges from words (as byte-level symbols) and their counts: always the most frequent pair, ties by code-unit
 * order, until `count` merges are found or no pair occurs twice.
 */
export function learnMerges(words: ReadonlyMap<string, number>, count: number): Merge[] {
  const entries = [...words].map(([word, n]) => ({ symbols: [...word], n }));
  const merges: Merge[] = [];
  while (merges.length < count) {
    const counts = new Map<string, { pair: Merge; n: number }>();
    for (const { symbols, n } of entries) {
      for (let i = 0; i + 1 < symbols.length; i++) {
        const key = `${symbols[i]} ${symbols[i + 1]}`;
        const seen = counts.get(key);
        if (seen) seen.n += n;
        else counts.set(key, { pair: [symbols[i]!, symbols[i + 1]!], n });
      }
    }
    let best: { key: string; pair: Merge; n: number } | undefined;
    for (const [key, { pair, n }] of counts) {
      if (!best || n > best.n || (n === best.n && key < best.key)) best = { key, pair, n };
    }
    if (!best || best.n < 2) break;
    merges.push(best.pair);
    for (const entry of entries) entry.symbols = apply(entry.symbols, best.pair);
  }
  return merges;
}
