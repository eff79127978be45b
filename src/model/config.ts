import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../errors.ts';

/** How rotary angles are scaled; names and fields as in Hugging Face configs. */
export type RopeScaling =
  | { type: 'default' }
  | { type: 'linear'; factor: number }
  | {
      type: 'llama3';
      factor: number;
      lowFrequencyFactor: number;
      highFrequencyFactor: number;
      originalLength: number;
    };

/** Sizes of a Llama-family decoder, read from config.json. */
export interface LlamaConfig {
  modelType: 'llama';
  vocabulary: number;
  hidden: number;
  layers: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  feedForward: number;
  normEpsilon: number;
  ropeTheta: number;
  ropeScaling: RopeScaling;
  maxPositions: number;
  tied: boolean;
  /** Row of the embedding whose look-up gets no gradient (PyTorch's padding_idx), or undefined. */
  padding: number | undefined;
}

/** Families that can be loaded. */
export const supportedFamilies = ['llama'] as const;

/** Reads and checks DIR/config.json. Throws FormatError naming the field when the model cannot be run. */
export async function readConfig(
  dir: string,
): Promise<{ config: LlamaConfig; raw: Record<string, unknown> }> {
  const path = join(dir, 'config.json');
  let raw: Record<string, unknown>;
  try {
    raw = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(`Cannot read ${path}: ${why}. Give a Hugging Face model folder.`, { cause });
  }
  return { config: parseConfig(raw, path), raw };
}

/** Checks a parsed config.json; `path` is named in errors. */
export function parseConfig(raw: Record<string, unknown>, path = 'config.json'): LlamaConfig {
  const type = raw.model_type;
  if (type !== 'llama') {
    throw new FormatError(
      `${path}: model_type is ${JSON.stringify(type)}. Supported: ${supportedFamilies.join(', ')}.`,
    );
  }
  const field = fields(raw, path);
  for (const [name, only] of [
    ['hidden_act', 'silu'],
    ['attention_bias', false],
    ['mlp_bias', false],
  ] as const) {
    if (raw[name] !== undefined && raw[name] !== only) {
      throw new FormatError(`${path}: ${name} is ${JSON.stringify(raw[name])}; only ${only} is supported.`);
    }
  }
  const hidden = field.count('hidden_size');
  const heads = field.count('num_attention_heads');
  const kvHeads = field.count('num_key_value_heads', heads);
  const headDim = field.count('head_dim', hidden / heads);
  if (heads % kvHeads !== 0) {
    throw new FormatError(
      `${path}: ${heads} attention heads cannot share ${kvHeads} key-value heads evenly.`,
    );
  }
  if (headDim % 2 !== 0)
    throw new FormatError(`${path}: head_dim ${headDim} is odd; rotary positions need pairs.`);
  const vocabulary = field.count('vocab_size');
  const padding = raw.pad_token_id;
  // transformers 5 writes rope_parameters, 4 writes rope_theta and rope_scaling
  const rope = (raw.rope_parameters ?? raw.rope_scaling ?? {}) as Record<string, unknown>;
  return {
    modelType: 'llama',
    vocabulary,
    hidden,
    layers: field.count('num_hidden_layers'),
    heads,
    kvHeads,
    headDim,
    feedForward: field.count('intermediate_size'),
    normEpsilon: field.positive('rms_norm_eps', 1e-6),
    ropeTheta: fields(rope, path).positive('rope_theta', field.positive('rope_theta', 10_000)),
    ropeScaling: parseRope(rope, path),
    maxPositions: field.count('max_position_embeddings', 2048),
    tied: raw.tie_word_embeddings === true,
    padding: typeof padding === 'number' && padding >= 0 && padding < vocabulary ? padding : undefined,
  };
}

function parseRope(rope: Record<string, unknown>, path: string): RopeScaling {
  const type = rope.rope_type ?? rope.type ?? 'default';
  const field = fields(rope, path);
  if (type === 'default') return { type };
  if (type === 'linear') return { type, factor: field.positive('factor') };
  if (type === 'llama3') {
    return {
      type,
      factor: field.positive('factor'),
      lowFrequencyFactor: field.positive('low_freq_factor'),
      highFrequencyFactor: field.positive('high_freq_factor'),
      originalLength: field.count('original_max_position_embeddings'),
    };
  }
  throw new FormatError(`${path}: rope_type is ${JSON.stringify(type)}. Supported: default, linear, llama3.`);
}

function fields(raw: Record<string, unknown>, path: string) {
  const get = (name: string, fallback: number | undefined, ok: (x: number) => boolean, kind: string) => {
    const value = raw[name] ?? fallback;
    if (typeof value === 'number' && ok(value)) return value;
    throw new FormatError(`${path}: ${name} is ${JSON.stringify(value)}, expected a ${kind}.`);
  };
  return {
    count: (name: string, fallback?: number) =>
      get(name, fallback, (x) => Number.isSafeInteger(x) && x > 0, 'positive whole number'),
    positive: (name: string, fallback?: number) =>
      get(name, fallback, (x) => Number.isFinite(x) && x > 0, 'positive number'),
  };
}
