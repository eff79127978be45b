import type { TensorToWrite } from '../formats/index.ts';
import type { Llama } from './llama.ts';

/** A model's tensors under their Hugging Face names, to be written; each is read from the engine when its turn comes. */
export function weightsToWrite(model: Llama): TensorToWrite[] {
  const { list, get } = model.parameters;
  return list.map((p) => ({
    name: p.name,
    shape: p.shape,
    data: async () => (await get(p).data()) as Float32Array,
  }));
}
