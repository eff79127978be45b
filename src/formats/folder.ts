import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../errors.ts';
import { isObject, readJson, type Json } from './json.ts';
import type { ModelSource, TokenizerFiles } from './source.ts';
import { WeightFiles } from './weights.ts';

/** Files of a model's folder that go along with saved weights: everything that is not weights. */
const carried =
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map)\.json$|\.jinja$|^LICENSE/;

/** A Hugging Face folder: config.json, safetensors (one file or shards), tokenizer.json. */
export class FolderSource implements ModelSource {
  readonly path: string;
  readonly config: Json;
  readonly configPath: string;
  readonly #weights: WeightFiles;

  private constructor(path: string, config: Json, weights: WeightFiles) {
    this.path = path;
    this.config = config;
    this.configPath = join(path, 'config.json');
    this.#weights = weights;
  }

  /** Opens config.json and the weight files' headers. Throws FormatError when one is missing or broken. */
  static async open(dir: string): Promise<FolderSource> {
    if (!(await stat(dir).catch(() => undefined))?.isDirectory()) {
      throw new FormatError(`${dir} is not a folder. Give a Hugging Face model folder or a .gguf file.`);
    }
    const config = await readJson(join(dir, 'config.json'));
    if (!config) throw new FormatError(`${dir} has no config.json. Give a Hugging Face model folder.`);
    return new FolderSource(dir, config, await WeightFiles.open(dir));
  }

  has(name: string): boolean {
    return this.#weights.has(name);
  }

  names(): string[] {
    return this.#weights.names();
  }

  info(name: string) {
    return this.#weights.info(name);
  }

  read(name: string): Promise<Float32Array> {
    return this.#weights.read(name);
  }

  tokenizer(): Promise<TokenizerFiles> {
    return readTokenizerFiles(this.path);
  }

  close(): Promise<void> {
    return this.#weights.close();
  }
}

/** The files of a model's folder that are not weights, by name. */
export async function readCompanions(dir: string): Promise<Map<string, Uint8Array>> {
  const names = (await readdir(dir)).filter((name) => carried.test(name));
  const files = names.map(async (name) => [name, await readFile(join(dir, name))] as const);
  return new Map(await Promise.all(files));
}

/** The tokenizer's files of a folder, which need not hold weights. Throws FormatError without a tokenizer.json. */
export async function readTokenizerFiles(dir: string): Promise<TokenizerFiles> {
  const path = join(dir, 'tokenizer.json');
  const tokenizer = await readJson(path);
  if (!tokenizer) {
    throw new FormatError(
      `There is no ${path}. Give the folder of a Hugging Face model with a tokenizer.json.`,
    );
  }
  const settings = (await readJson(join(dir, 'tokenizer_config.json'))) ?? {};
  const config = (await readJson(join(dir, 'config.json'))) ?? {};
  const jinja = await readFile(join(dir, 'chat_template.jinja'), 'utf8').catch(() => undefined);
  const template = jinja ?? templateOf(settings.chat_template);
  return { path, tokenizer, settings, config, template, warnings: [] };
}

/** A chat template as tokenizer_config.json gives it: text, or a list of named ones with one called default. */
function templateOf(entry: unknown): string | undefined {
  if (typeof entry === 'string') return entry;
  if (!Array.isArray(entry)) return undefined;
  const named = entry.filter(isObject);
  const chosen = named.find((t) => t.name === 'default') ?? named[0];
  return typeof chosen?.template === 'string' ? chosen.template : undefined;
}
