import { ConfigError, FormatError, NonFiniteError } from '../errors.ts';
import { isWeightDtype, openSource, type ModelSource, type WeightDtype } from '../formats/index.ts';
import type { ParameterInfo } from './parameters.ts';

/** What old files hold beside weights: causal masks and rotary tables. */
const buffers = /\.(attn|attention)\.(masked_)?bias$|\.rotary_emb\.inv_freq$/;
/** The head is the embedding when it is not a parameter of its own, but some files repeat it. */
const heads = ['lm_head.weight', 'embed_out.weight'];

/** The tensors of a model as a folder or file stores them, to be read one by one. */
export class StoredWeights {
  readonly #source: ModelSource;

  constructor(source: ModelSource) {
    this.#source = source;
  }

  /** Throws FormatError when a tensor is missing or has another shape, ConfigError when there are some that no part uses. */
  check(parameters: readonly ParameterInfo[]): void {
    for (const p of parameters) this.#assertShape(p);
    const used = new Set(parameters.map((p) => this.#name(p)));
    const left = this.#source.names().filter((name) => {
      return !used.has(name) && !buffers.test(name) && !heads.includes(name);
    });
    if (left.length > 0) {
      throw new ConfigError(
        `${this.#source.path} holds ${left.length} tensors that its config does not account for (${left.slice(0, 3).join(', ')}). ` +
          'They belong to a part that is not supported.',
      );
    }
  }

  /** Element type that a tensor may be written back in: its own, or F32 when it is quantized. */
  dtype(p: ParameterInfo): WeightDtype {
    const { dtype } = this.#source.info(this.#name(p));
    return isWeightDtype(dtype) ? dtype : 'F32';
  }

  /**
   * Values as float32. Throws FormatError for another shape than the config asks for, NonFiniteError when a value is NaN or
   * infinite.
   */
  async read(p: ParameterInfo): Promise<Float32Array> {
    this.#assertShape(p);
    const values = await this.#source.read(this.#name(p));
    assertFinite(values, `${this.#source.path}: ${this.#name(p)}`);
    return values;
  }

  close(): Promise<void> {
    return this.#source.close();
  }

  /** Old hub files leave out the name of the base model (`model.`, `transformer.`). */
  #name(p: ParameterInfo): string {
    const bare = p.name.replace(/^[^.]+\./, '');
    return !this.#source.has(p.name) && this.#source.has(bare) ? bare : p.name;
  }

  #assertShape(p: ParameterInfo): void {
    const name = this.#name(p);
    const { shape } = this.#source.info(name);
    if (shape.join() === p.shape.join()) return;
    throw new FormatError(
      `${this.#source.path}: ${name} has shape [${shape.join(', ')}], its config asks for [${p.shape.join(', ')}].`,
    );
  }
}

/** Opens the weights of a Hugging Face folder or a .gguf file. Close them when done. */
export async function openWeights(path: string): Promise<StoredWeights> {
  return new StoredWeights(await openSource(path));
}

/** Throws NonFiniteError naming the first value of `values` that is NaN or infinite. */
export function assertFinite(values: Float32Array, what: string): void {
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (x - x !== 0) {
      throw new NonFiniteError(
        `${what} holds ${x} at position ${i}. The file is damaged or the run diverged.`,
      );
    }
  }
}
