import { afterEach, beforeEach } from 'vitest';
import { setSink } from '../../src/notebook/display.ts';
import type { DisplayOptions, MimeBundle } from '../../src/notebook/kernel-api.ts';

/** One thing that was shown. */
export interface Shown {
  data: MimeBundle;
  id: string;
  options: DisplayOptions;
}

/** Collects what a test shows; empty at the start of every test. */
export function recordDisplays(): Shown[] {
  const shown: Shown[] = [];
  beforeEach(() => {
    shown.length = 0;
    setSink({ kind: 'injected', display: (data, id, options) => shown.push({ data, id, options }) });
  });
  afterEach(() => {
    setSink(undefined);
  });
  return shown;
}

/** A clock that moves when it is told to, in milliseconds. */
export function handClock(): { now: () => number; move: (ms: number) => void } {
  let at = 0;
  return { now: () => at, move: (ms) => (at += ms) };
}
