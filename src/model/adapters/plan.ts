import { tf } from '../../engine/tf.ts';
import type { DecoderConfig } from '../config.ts';
import type { Decoder } from '../decoder.ts';
import { checkAdapter, type Adapter, type AdapterOptions } from './options.ts';
import { PeftFolder } from './peft-read.ts';
import { resolveAdapter } from './resolve.ts';
import { startValues } from './start.ts';

/** An adapter of a model that is yet to be loaded, and the folder that its values are in, if any. */
export interface AdapterPlan {
  adapter: Adapter;
  folder?: PeftFolder;
}

/**
 * What `options` mean for a model. Throws ConfigError for settings that are out of range or mean nothing, FormatError for the
 * folder of another model's adapter.
 */
export async function planAdapter(config: DecoderConfig, options: AdapterOptions): Promise<AdapterPlan> {
  checkAdapter(options);
  if (!('from' in options)) return { adapter: resolveAdapter(config, options) };
  const folder = await PeftFolder.open(options, config);
  return { adapter: resolveAdapter(config, folder.options), folder };
}

/** Gives the tensors of a loaded model's adapter their first values. */
export async function startAdapter(model: Decoder, plan: AdapterPlan, seed: number): Promise<void> {
  const own = model.parameters.list.filter((p) => p.base === undefined);
  plan.folder?.check(own);
  const values = plan.folder ? await plan.folder.read(own) : await startValues(model, seed);
  for (const [p, start] of values) {
    model.parameters.replace(p, tf.tensor(start, [...p.shape], 'float32'));
    model.adapterStart.set(p, start);
  }
}
