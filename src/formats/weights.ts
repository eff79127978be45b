import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../errors.ts';
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
      for (const name of await fileNames(dir)) {
        const file = await SafetensorsFile.open(join(dir, name));
        files.push(file);
        for (const tensor of file.tensors.keys()) where.set(tensor, file);
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

async function fileNames(dir: string): Promise<string[]> {
  const exists = (name: string) =>
    stat(join(dir, name)).then(
      (s) => s.isFile(),
      () => false,
    );
  if (await exists('model.safetensors')) return ['model.safetensors'];
  const index = 'model.safetensors.index.json';
  if (!(await exists(index))) {
    throw new FormatError(
      `${dir} holds no model.safetensors and no ${index}. Give a Hugging Face model folder (config.json, safetensors, tokenizer.json).`,
    );
  }
  let map: unknown;
  try {
    map = (JSON.parse(await readFile(join(dir, index), 'utf8')) as { weight_map?: unknown }).weight_map;
  } catch (cause) {
    throw new FormatError(`${join(dir, index)} is not JSON. Download it again.`, { cause });
  }
  const names = typeof map === 'object' && map !== null ? [...new Set(Object.values(map) as unknown[])] : [];
  if (names.length === 0 || !names.every((n): n is string => typeof n === 'string' && /^[\w.-]+$/.test(n))) {
    throw new FormatError(`${join(dir, index)} has no usable weight_map. Download it again.`);
  }
  return names;
}
