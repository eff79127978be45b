/**
 * ALiBi's slope of each head (Press et al. 2022): a geometric series from 2^(-8/n), n the largest power of two up to
 * `heads`; further heads take every second slope of the series for 2n.
 */
export function alibiSlopes(heads: number): number[] {
  const n = 2 ** Math.floor(Math.log2(heads));
  return Array.from({ length: heads }, (_, h) =>
    h < n ? 2 ** ((-8 * (h + 1)) / n) : 2 ** ((-4 * (2 * (h - n) + 1)) / n),
  );
}
