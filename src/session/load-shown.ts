import { inTurn, type Engine } from '../engine/index.ts';
import type { ModelSource } from '../formats/index.ts';
import { loadModel, type Decoder, type LoadOptions, type LoadProgress } from '../model/index.ts';
import { progress, type Progress } from '../notebook/index.ts';

const MEGABYTE = 1e6;
/** Smaller models are there before a bar could be read. */
const WORTH_A_BAR = 64 * MEGABYTE;

/** Loads a model with a bar, if it is large and things are to be shown. */
export async function loadShown(
  engine: Engine,
  from: string | ModelSource,
  show: boolean,
  options: Pick<LoadOptions, 'adapter' | 'seed'> = {},
): Promise<Decoder> {
  let bar: Progress | undefined;
  try {
    const onProgress = ({ done, of }: LoadProgress) => {
      if (!show || of < WORTH_A_BAR) return;
      bar ??= progress({ total: Math.round(of / MEGABYTE), label: 'load', unit: 'megabyte' });
      bar.update(Math.round(done / MEGABYTE));
    };
    return await inTurn(engine, () => loadModel(engine, from, { ...options, onProgress }));
  } finally {
    bar?.done();
  }
}
