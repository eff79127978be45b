import { writeSafetensors } from '../formats/index.ts';
import type { Llama } from './llama.ts';

/** Writes a model's tensors as float32 safetensors under their Hugging Face names, one at a time in host memory. */
export async function saveWeights(model: Llama, path: string): Promise<void> {
  const { list, get } = model.parameters;
  await writeSafetensors(
    path,
    list.map((p) => ({
      name: p.name,
      shape: p.shape,
      data: async () => (await get(p).data()) as Float32Array,
    })),
  );
}
