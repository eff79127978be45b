import { FormatError } from '../../errors.ts';
import type { Json } from '../json.ts';
import type { ModelSource, TokenizerFiles } from '../source.ts';
import { configOf } from './config.ts';
import { fields, type Fields } from './fields.ts';
import { GgufFile } from './file.ts';
import type { GgufTensor } from './header.ts';
import { nameOf, type Change } from './names.ts';
import { tokenizerOf } from './tokenizer.ts';
import { transpose, uninterleave } from './undo.ts';

interface Entry {
  tensor: GgufTensor;
  change: Change;
}

/** A GGUF file as a Hugging Face folder would be: names, layouts, config.json and tokenizer.json are the hub's. */
export class GgufSource implements ModelSource {
  readonly path: string;
  readonly config: Json;
  readonly configPath: string;
  readonly #file: GgufFile;
  readonly #fields: Fields;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #heads: { query: number; key: number };

  private constructor(file: GgufFile, field: Fields, config: Json, entries: ReadonlyMap<string, Entry>) {
    this.path = this.configPath = file.path;
    this.config = config;
    this.#file = file;
    this.#fields = field;
    this.#entries = entries;
    const query = Number(config.num_attention_heads);
    this.#heads = { query, key: Number(config.num_key_value_heads ?? query) };
  }

  /** Opens and checks a file. Throws FormatError when it is broken or its architecture is not supported. */
  static async open(path: string): Promise<GgufSource> {
    const file = await GgufFile.open(path);
    try {
      const field = fields(file.metadata, path);
      if (field.has('split.count') && field.count('split.count') > 1) {
        throw new FormatError(`${path} is a part of a model. Join the parts with llama-gguf-split --merge.`);
      }
      const architecture = field.text('general.architecture');
      const rope = file.tensors.get('rope_freqs.weight');
      const divisors = rope && (await file.read(rope));
      const config = configOf(architecture, field, file.tensors, divisors, path);
      const entries = new Map<string, Entry>();
      for (const tensor of file.tensors.values()) {
        const as = nameOf(architecture, tensor.name, path);
        if (as) entries.set(as.name, { tensor, change: as.change });
      }
      return new GgufSource(file, field, config, entries);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  names(): string[] {
    return [...this.#entries.keys()];
  }

  info(name: string): { shape: readonly number[]; dtype: string } {
    const { tensor, change } = this.#entry(name);
    const shape = change === 'transposed' ? [...tensor.shape].reverse() : tensor.shape;
    return { shape, dtype: tensor.quant.name };
  }

  async read(name: string): Promise<Float32Array> {
    const { tensor, change } = this.#entry(name);
    const values = await this.#file.read(tensor);
    const [rows = 1, columns = 1] = tensor.shape;
    if (change === 'none') return values;
    if (change === 'transposed') return transpose(values, rows, columns);
    const heads = change === 'query-rows' ? this.#heads.query : this.#heads.key;
    if (rows % (2 * heads) !== 0) {
      throw new FormatError(
        `${this.path}: ${tensor.name} has ${rows} rows, which ${heads} heads cannot share.`,
      );
    }
    return uninterleave(values, rows, heads);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- a folder reads files here
  async tokenizer(): Promise<TokenizerFiles> {
    const made = tokenizerOf(this.#fields, this.path);
    const template = made.settings.chat_template as string | undefined;
    return { path: this.path, config: this.config, template, ...made };
  }

  /** What a Hugging Face folder of this model would hold beside its weights, by name. */
  async companions(): Promise<Map<string, string>> {
    const { tokenizer, settings } = await this.tokenizer();
    const text = (value: Json) => JSON.stringify(value, null, 2) + '\n';
    return new Map([
      ['config.json', text(this.config)],
      ['tokenizer.json', JSON.stringify(tokenizer) + '\n'],
      ['tokenizer_config.json', text(settings)],
    ]);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry) return entry;
    throw new FormatError(`${this.path} has no tensor ${name}. Is the file whole?`);
  }
}
