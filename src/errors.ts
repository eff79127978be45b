/**
 * Every error that hi-zfo raises on purpose. The message says what was wrong, what was given and what to do next.
 */
export class HiZfoError extends Error {
  override name = 'HiZfoError';
}

/** A setting is out of its range or does not fit the model, task or partition. Raised before anything is changed. */
export class ConfigError extends HiZfoError {
  override name = 'ConfigError';
}

/** A file is missing, cut short, or not in the format it claims. */
export class FormatError extends HiZfoError {
  override name = 'FormatError';
}

/** A saved run cannot be written or continued. */
export class CheckpointError extends HiZfoError {
  override name = 'CheckpointError';
}

/** A tensor engine is missing, does not compute, or is out of memory. */
export class EngineError extends HiZfoError {
  override name = 'EngineError';
}

/** A weight, loss or coefficient is NaN or infinite. */
export class NonFiniteError extends HiZfoError {
  override name = 'NonFiniteError';
}

/** ` Did you mean model?` for `modle`, where a known word is near: one mistake in three letters, two at most. Else nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const most = Math.min(2, Math.floor(word.length / 3));
  const [nearest] = known
    .map((name) => ({ name, mistakes: mistakesIn(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ mistakes }) => mistakes <= most)
    .sort((a, b) => a.mistakes - b.mistakes);
  return nearest ? ` Did you mean ${nearest.name}?` : '';
}

/** Letters to put in, take out, change, or swap with their neighbour. */
function mistakesIn(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const [above, row] = [rows[i - 1]!, [i]];
    for (let j = 1; j <= b.length; j++) {
      const changed = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2]![j - 2]! + 1 : Infinity;
      row.push(Math.min(changed, above[j]! + 1, row[j - 1]! + 1, swapped));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
