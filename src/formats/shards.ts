import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileToWrite } from './atomic.ts';
import { safetensorsChunks, storedBytes, type TensorToWrite } from './safetensors-write.ts';

/** How weights are cut into files. */
export interface ShardOptions {
  /** Most bytes of tensors in a file; a larger tensor gets a file of its own. Defaults to 5e9, as on the hub. */
  shardBytes?: number;
}

/**
 * A model's weights as the files that the hub lays them out in: one model.safetensors, or, above `shardBytes`,
 * model-00001-of-0000N.safetensors with model.safetensors.index.json.
 */
export function weightFiles(
  tensors: readonly TensorToWrite[],
  { shardBytes = 5e9 }: ShardOptions = {},
): FileToWrite[] {
  const shards = split(tensors, shardBytes);
  if (shards.length === 1) return [{ name: 'model.safetensors', chunks: () => safetensorsChunks(tensors) }];
  const number = (i: number) => String(i).padStart(5, '0');
  const map: Record<string, string> = {};
  const files = shards.map((shard, i): FileToWrite => {
    const name = `model-${number(i + 1)}-of-${number(shards.length)}.safetensors`;
    for (const t of shard) map[t.name] = name;
    return { name, chunks: () => safetensorsChunks(shard) };
  });
  const index = {
    metadata: { total_size: tensors.reduce((n, t) => n + storedBytes(t), 0) },
    weight_map: map,
  };
  const text = JSON.stringify(index, null, 2) + '\n';
  return [...files, { name: 'model.safetensors.index.json', chunks: () => [Buffer.from(text)] }];
}

/** Writes a model's weights into `dir` as the hub lays them out. */
export async function writeWeights(
  dir: string,
  tensors: readonly TensorToWrite[],
  options?: ShardOptions,
): Promise<void> {
  for (const file of weightFiles(tensors, options)) await writeFile(join(dir, file.name), file.chunks());
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
