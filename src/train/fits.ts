import { ConfigError } from '../errors.ts';
import type { Decoder } from '../model/index.ts';
import type { Partition } from '../partition/index.ts';
import { stepMemory, type SupervisedSize } from './memory.ts';
import type { StepSettings } from './settings.ts';

/** The prediction may be this much too high: only what cannot fit is refused. */
const ERROR = 1.15;
/** What the wasm heap holds at most: its 4 GiB less what pieces between tensors cost (measured: 8% at 2 GB). */
const HEAP = 0.92 * 2 ** 32;

/** @throws ConfigError when a step will not fit the wasm heap, with the pieces of the batch, the recomputation or the batch that do */
export function assertFits(
  model: Decoder,
  partition: Partition,
  settings: StepSettings,
  size: SupervisedSize,
): void {
  const needs = (of: Partial<SupervisedSize>, other: Partial<StepSettings> = {}): number =>
    stepMemory(model, partition, { ...settings, ...other }, { ...size, ...of }).peak;
  const all = needs({});
  if (all <= ERROR * HEAP) return;
  const gb = (bytes: number) => (bytes / 1e9).toFixed(1);
  const remedies: string[] = [];
  const rows = mostThatFit(size.batch, (microBatch) => needs({}, { microBatch }) <= HEAP);
  if (rows > 0) remedies.push(`microBatch: ${rows} runs ${rows} rows at a time, for the same step`);
  const again = needs({}, { recompute: true });
  if (!settings.recompute && again <= HEAP)
    remedies.push(`recompute: true needs ${gb(again)} GB and more time, for the same step`);
  const supervised = (batch: number) => Math.ceil((size.supervised * batch) / size.batch);
  const batch = mostThatFit(size.batch, (n) => needs({ batch: n, supervised: supervised(n) }) <= HEAP);
  if (batch > 0) remedies.push(`batchSize ${batch} fits`);
  else
    remedies.push(
      'not one row of that length fits: make fewer tensors FO (a lower rho), or maxLength smaller',
    );
  throw new ConfigError(
    `A step on ${size.batch} rows of ${size.length} tokens would need ${gb(all)} GB; the wasm heap holds ${gb(HEAP)}. ` +
      `With these labels ${remedies.join('; or ')}. Or take the native engine. Nothing has changed.`,
  );
}

/** The largest number below `not` that fits; 0 when none does. */
function mostThatFit(not: number, fits: (n: number) => boolean): number {
  let [most, least] = [0, not];
  while (least - most > 1) {
    const middle = (most + least) >> 1;
    if (fits(middle)) most = middle;
    else least = middle;
  }
  return most;
}
