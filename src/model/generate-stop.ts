/** Texts at which a row ends, and how to turn its tokens into text. */
export interface StopStrings {
  strings: readonly string[];
  decode: (ids: readonly number[]) => string;
}

/** The text up to the first of the stop strings. */
export function cutAtStop(text: string, strings: readonly string[]): string {
  const starts = strings.map((s) => text.indexOf(s)).filter((at) => at >= 0);
  return starts.length === 0 ? text : text.slice(0, Math.min(...starts));
}

/** Whether the new tokens of a row hold a stop string. */
export function hasStopped(ids: readonly number[], stop: StopStrings | undefined): boolean {
  if (!stop || stop.strings.length === 0) return false;
  const text = stop.decode(ids);
  return stop.strings.some((s) => text.includes(s));
}
