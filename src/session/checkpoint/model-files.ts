import { resolve } from 'node:path';
import { openCompanions, weightFiles, type FileToWrite, type Json } from '../../formats/index.ts';
import {
  adapterFiles,
  assertMergeable,
  configToWrite,
  merged,
  weightsToWrite,
  type Decoder,
  type SaveDtype,
} from '../../model/index.ts';
import { startFile } from './adapter-start.ts';

/** How a model is written. */
export interface ModelFilesOptions {
  /** Folder that the files go to. */
  dir: string;
  dtype: SaveDtype;
  /** Adds LoRA to the weights instead of writing it beside them. */
  merge: boolean;
}

/** A model as files of a saved run. */
export interface ModelFiles {
  files: FileToWrite[];
  /** What else is needed to go on. */
  forState: FileToWrite[];
  /** Whether the weights are written as they are, in float32. */
  exact: boolean;
}

/** Names of the files of a model of one's own: its weights now, and those that the run started from. */
export const OWN_WEIGHTS = 'model.safetensors';
export const OWN_BASE = 'base.safetensors';

/**
 * A language model as a Hugging Face folder, with the config and tokenizer of the folder or file `from`. An adapter is written as
 * PEFT does, beside the model where that is trained too, alone where it is frozen.
 */
export async function decoderFiles(
  model: Decoder,
  from: string,
  { dir, dtype, merge }: ModelFilesOptions,
): Promise<ModelFiles> {
  const { adapter } = model;
  if (merge) assertMergeable(adapter);
  const beside = merge || !adapter ? [] : adapterFiles(model, adapter.base === 'ZO' ? resolve(dir) : from, dtype === 'source' ? 'F32' : dtype); // prettier-ignore
  const forState = beside.length > 0 ? [startFile(model)] : [];
  if (beside.length > 0 && adapter?.base === 'frozen') {
    return { files: beside, forState, exact: dtype === 'F32' || dtype === 'source' };
  }
  const weights = weightsToWrite(model, dtype, merge ? (p) => merged(model, p) : undefined);
  const files = [...(await openCompanions(from))].map(([name, content]): FileToWrite => {
    const own = name === 'config.json' ? configText(model, content, dtype) : content;
    return { name, chunks: () => [Buffer.from(own)] };
  });
  return {
    files: [...files, ...weightFiles(weights), ...beside],
    forState,
    exact: !merge && weights.every((t) => t.dtype === 'F32'),
  };
}

/** The config that the model came with, telling the element type that it is written in. */
function configText(model: Decoder, content: Uint8Array | string, dtype: SaveDtype): string {
  const config = JSON.parse(Buffer.from(content).toString()) as Json;
  return JSON.stringify(configToWrite(model, config, dtype), null, 2) + '\n';
}
