import { openCompanions, weightFiles, type FileToWrite, type Json } from '../../formats/index.ts';
import { configToWrite, weightsToWrite, type Decoder, type SaveDtype } from '../../model/index.ts';

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

/** A language model as a Hugging Face folder, with the config and tokenizer of the folder or file `from`. */
export async function decoderFiles(model: Decoder, from: string, dtype: SaveDtype): Promise<ModelFiles> {
  const weights = weightsToWrite(model, dtype);
  const files = [...(await openCompanions(from))].map(([name, content]): FileToWrite => {
    const own = name === 'config.json' ? configText(model, content, dtype) : content;
    return { name, chunks: () => [Buffer.from(own)] };
  });
  const exact = weights.every((t) => t.dtype === 'F32');
  return { files: [...files, ...weightFiles(weights)], forState: [], exact };
}

/** The config that the model came with, telling the element type that it is written in. */
function configText(model: Decoder, content: Uint8Array | string, dtype: SaveDtype): string {
  const config = JSON.parse(Buffer.from(content).toString()) as Json;
  return JSON.stringify(configToWrite(model, config, dtype), null, 2) + '\n';
}
