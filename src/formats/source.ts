import type { Json } from './json.ts';

/** What a tokenizer is made from, as the files of a Hugging Face folder hold it. */
export interface TokenizerFiles {
  /** Named in errors. */
  readonly path: string;
  /** tokenizer.json */
  readonly tokenizer: Json;
  /** tokenizer_config.json */
  readonly settings: Json;
  /** config.json, which names the end token where the settings do not. */
  readonly config: Json;
  /** The chat template, when the model has one. */
  readonly template?: string;
  /** What a person should know about these files, in sentences. */
  readonly warnings: readonly string[];
}

/** A model on disk, whatever its format: a Hugging Face folder or a GGUF file. Close it when done. */
export interface ModelSource {
  /** Named in errors. */
  readonly path: string;
  /** As config.json of the hub. */
  readonly config: Json;
  /** Where `config` is from, named in errors. */
  readonly configPath: string;
  /** True when there is a tensor of this (Hugging Face) name. */
  has(name: string): boolean;
  names(): string[];
  /** Shape and stored element type of a tensor. Throws FormatError for an unknown name. */
  info(name: string): { readonly shape: readonly number[]; readonly dtype: string };
  /** Values of one tensor, row-major, widened to float32. */
  read(name: string): Promise<Float32Array>;
  tokenizer(): Promise<TokenizerFiles>;
  close(): Promise<void>;
}
