import { join } from 'node:path';
import { SafetensorsFile, safetensorsChunks, type FileToWrite } from '../../formats/index.ts';
import { CheckpointError } from '../../errors.ts';
import type { Decoder } from '../../model/index.ts';

/** The file of what an adapter began with, which no model folder has: going back needs it. */
export const ADAPTER_START = 'adapter_start.safetensors';

export function startFile({ adapterStart }: Decoder): FileToWrite {
  const tensors = [...adapterStart].map(([p, data]) => ({ name: p.name, shape: p.shape, data }));
  return { name: ADAPTER_START, chunks: () => safetensorsChunks(tensors) };
}

/** Gives a model, loaded with the adapter as it is now, what the adapter began with. Throws CheckpointError for another's. */
export async function readStart(dir: string, { adapterStart }: Decoder): Promise<void> {
  const file = await SafetensorsFile.open(join(dir, ADAPTER_START));
  try {
    for (const p of [...adapterStart.keys()]) {
      const stored = file.tensors.get(p.name);
      if (stored?.shape.join() !== p.shape.join()) {
        throw new CheckpointError(`${file.path} has no ${p.name} that fits the model. Take another copy.`);
      }
      adapterStart.set(p, await file.read(p.name));
    }
  } finally {
    await file.close();
  }
}
