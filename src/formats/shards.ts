import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { storedBytes, writeSafetensors, type TensorToWrite } from './safetensors-write.ts';

/** Settings of `writeWeights`. */
export interface ShardOptions {
  /** Most bytes of tensors in a file; a larger tensor gets a file of its own. Defaults to 5e9, as on the hub. */
  shardBytes?: number;
}

/**
 * Writes a model's weights into `dir` as the hub lays them out: one model.safetensors, or, above `shardBytes`,
 * model-00001-of-0000N.safetensors with model.safetensors.index.json.
 */
export async function writeWeights(
  dir: string,
  tensors: readonly TensorToWrite[],
  { shardBytes = 5e9 }: ShardOptions = {},
): Promise<void> {
  const shards = split(tensors, shardBytes);
  if (shards.length === 1) return writeSafetensors(join(dir, 'model.safetensors'), tensors);
  const number = (i: number) => String(i).padStart(5, '0');
  const map: Record<string, string> = {};
  for (const [i, shard] of shards.entries()) {
    const name = `model-${number(i + 1)}-of-${number(shards.length)}.safetensors`;
    await writeSafetensors(join(dir, name), shard);
    for (const t of shard) map[t.name] = name;
  }
  const index = {
    metadata: { total_size: tensors.reduce((n, t) => n + storedBytes(t), 0) },
    weight_map: map,
  };
  await writeFile(join(dir, 'model.safetensors.index.json'), JSON.stringify(index, null, 2) + '\n');
}

/** Tensors in order, cut before the one that would exceed `most` bytes. Always at least one shard. */
function split(tensors: readonly TensorToWrite[], most: number): TensorToWrite[][] {
  const shards: TensorToWrite[][] = [[]];
  let filled = 0;
  for (const t of tensors) {
    const bytes = storedBytes(t);
    if (filled > 0 && filled + bytes > most) {
      shards.push([]);
      filled = 0;
    }
    shards.at(-1)!.push(t);
    filled += bytes;
  }
  return shards;
}
