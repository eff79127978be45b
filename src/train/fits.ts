import { ConfigError } from '../errors.ts';
import type { Decoder } from '../model/index.ts';
import type { Partition } from '../partition/index.ts';
import { stepMemory, type SupervisedSize } from './memory.ts';
import type { StepSettings } from './settings.ts';

/** The prediction may be this much too high: only what cannot fit is refused. */
const ERROR = 1.15;
/** What the wasm heap holds at most: its 4 GiB less what pieces between tensors cost (measured: 8% at 2 GB). */
const HEAP = 0.92 * 2 ** 32;

/** @throws ConfigError when a step will not fit the wasm heap, with the largest batch that does, and with recomputation if that helps */
export function assertFits(
  model: Decoder,
  partition: Partition,
  settings: StepSettings,
  size: SupervisedSize,
): void {
  const needs = (batch: number, s = settings): number => {
    const supervised = Math.ceil((size.supervised * batch) / size.batch);
    return stepMemory(model, partition, s, { ...size, batch, supervised }).peak;
  };
  if (needs(size.batch) <= ERROR * HEAP) return;
  let [fits, not] = [0, size.batch];
  while (not - fits > 1) {
    const middle = (fits + not) >> 1;
    if (needs(middle) <= HEAP) fits = middle;
    else not = middle;
  }
  const gb = (bytes: number) => (bytes / 1e9).toFixed(1);
  const advice =
    fits > 0
      ? `With these labels ${fits} rows of that length fit: batchSize ${fits}.`
      : 'With these labels not one row of that length fits: make fewer tensors FO (a lower rho), or maxLength smaller.';
  const again = needs(size.batch, { ...settings, recompute: true });
  const recompute =
    !settings.recompute && again <= HEAP
      ? ` Or recompute: true: all ${size.batch} then need ${gb(again)} GB, for more time.`
      : '';
  throw new ConfigError(
    `A step on ${size.batch} rows of ${size.length} tokens would need ${gb(needs(size.batch))} GB; the wasm heap holds ` +
      `${gb(HEAP)}. ${advice}${recompute} Or take the native engine. Nothing has changed.`,
  );
}
