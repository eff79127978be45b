/** Queries that follow one another within a sequence. */
export interface Span {
  /** Row of the first among the queries given. */
  row: number;
  /** Its place, b * length + t. */
  place: number;
  count: number;
}

/** Distinct places of queries as spans of at most `most`, for kernels that take a block of queries at a time. */
export function spansOf(places: Int32Array, length: number, most = Infinity): Span[] {
  const spans: Span[] = [];
  for (let row = 0; row < places.length;) {
    const place = places[row]!;
    let count = 1;
    while (count < most && places[row + count] === place + count && (place + count) % length > 0) count++;
    spans.push({ row, place, count });
    row += count;
  }
  return spans;
}
