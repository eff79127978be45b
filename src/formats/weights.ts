import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../errors.ts';
import { isObject, readJson } from './json.ts';
import { SafetensorsFile, type StoredTensor } from './safetensors.ts';

/** The weights of a Hugging Face folder: one model.safetensors, or shards with their index. */
export class WeightFiles {
  private constructor(
    readonly dir: string,
    private readonly where: ReadonlyMap<string, SafetensorsFile>,
    private readonly files: readonly SafetensorsFile[],
  ) {}

  /** Opens every file that the folder names. Throws FormatError when one is missing or broken. */
  static async open(dir: string): Promise<WeightFiles> {
    const files: SafetensorsFile[] = [];
    try {
      const where = new Map<string, SafetensorsFile>();
      const { names, map } = await fileNames(dir);
      for (const name of names) {
        const file = await SafetensorsFile.open(join(dir, name));
        files.push(file);
        for (const tensor of file.tensors.keys()) where.set(tensor, file);
      }
      for (const [tensor, name] of map) {
        if (where.get(tensor)?.path !== join(dir, name)) {
          throw new FormatError(
            `${join(dir, name)} does not hold ${tensor}, as the index says. Download it again.`,
          );
        }
      }
      return new WeightFiles(dir, where, files);
    } catch (error) {
      await Promise.all(files.map((f) => f.close()));
      throw error;
    }
  }

  has(name: string): boolean {
    return this.where.has(name);
  }

  names(): string[] {
    return [...this.where.keys()];
  }

  info(name: string): StoredTensor {
    return this.file(name).tensors.get(name)!;
  }

  /** Values of one tensor, widened to float32. */
  read(name: string): Promise<Float32Array> {
    return this.file(name).read(name);
  }

  async close(): Promise<void> {
    await Promise.all(this.files.map((f) => f.close()));
  }

  private file(name: string): SafetensorsFile {
    const file = this.where.get(name);
    if (!file) throw new FormatError(`${this.dir} has no tensor ${name}. Is config.json of the same model?`);
    return file;
  }
}

/** The weight files of a folder, and which tensor an index puts where. */
async function fileNames(dir: string): Promise<{ names: string[]; map: [string, string][] }> {
  const single = await stat(join(dir, 'model.safetensors')).catch(() => undefined);
  if (single?.isFile()) return { names: ['model.safetensors'], map: [] };
  const path = join(dir, 'model.safetensors.index.json');
  const index = await readJson(path);
  if (!index) {
    throw new FormatError(
      `${dir} holds no model.safetensors and no model.safetensors.index.json. Give a Hugging Face model folder (config.json, safetensors, tokenizer.json).`,
    );
  }
  const map = isObject(index.weight_map) ? Object.entries(index.weight_map) : [];
  if (map.length === 0 || !map.every((e): e is [string, string] => isShardName(e[1]))) {
    throw new FormatError(`${path} has no usable weight_map. Download it again.`);
  }
  return { names: [...new Set(map.map(([, name]) => name))], map };
}

/** A file of the folder itself: no separators, so nothing outside it is opened. */
function isShardName(name: unknown): boolean {
  return typeof name === 'string' && /^[\w.-]+\.safetensors$/.test(name);
}
