import { FormatError } from '../../errors.ts';
import type { Activation } from '../../engine/engine.ts';
import type { DecoderConfig, ModuleNames } from '../config.ts';
import type { Fields } from '../fields.ts';

/** Reads a config.json of one model_type. Throws FormatError for a broken one, ConfigError for what is not supported. */
export type Family = (field: Fields) => DecoderConfig;

/** More layers than any model has; a config with more is made to exhaust memory. */
const MOST_LAYERS = 1000;

/** Names of activations in Hugging Face configs. */
export const activations: Record<string, Activation> = {
  silu: 'silu',
  swish: 'silu',
  gelu: 'gelu',
  gelu_new: 'gelu-tanh',
  gelu_fast: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh',
  relu: 'relu',
};

/** What a family has to say of itself; the rest is as most have it. */
export type Described = Omit<
  DecoderConfig,
  'modelType' | 'headDim' | 'embeddingWidth' | 'attention' | Common
> &
  Partial<Pick<DecoderConfig, 'headDim' | 'embeddingWidth' | Common>> & {
    attention?: Partial<DecoderConfig['attention']>;
  };
type Common = 'kvHeads' | 'prefix' | 'embeddingScale' | 'inOut' | 'logitSoftcap' | 'padding' | 'biases';

/** Fills in what most families share and checks that the sizes go together. */
export function describe(field: Fields, own: Described): DecoderConfig {
  const { hidden, layers, heads, kvHeads = heads, headDim = hidden / heads } = own;
  if (!Number.isInteger(headDim)) {
    throw new FormatError(`${field.path}: ${hidden} dimensions do not divide among ${heads} heads.`);
  }
  if (heads % kvHeads !== 0) {
    throw new FormatError(`${field.path}: ${heads} heads cannot share ${kvHeads} key-value heads evenly.`);
  }
  return {
    biases: [],
    inOut: false,
    embeddingScale: 1,
    logitSoftcap: undefined,
    padding: undefined,
    prefix: 0,
    ...own,
    modelType: field.text('model_type'),
    kvHeads,
    headDim,
    embeddingWidth: own.embeddingWidth ?? hidden,
    attention: {
      scales: Array<number>(layers).fill(1 / Math.sqrt(headDim)),
      windows: Array<undefined>(layers).fill(undefined),
      softcap: undefined,
      byHead: false,
      ...own.attention,
    },
  };
}

/** The number of layers under the name that the family gives it. */
export function layerCount(field: Fields, name = 'num_hidden_layers'): number {
  return field.count(name, undefined, { most: MOST_LAYERS });
}

/** PyTorch's padding_idx: the row whose look-up gets no gradient; counted from the end when negative. */
export function paddingRow(field: Fields, vocabulary: number, fallback?: number): number | undefined {
  const id = field.raw('pad_token_id') ?? fallback;
  if (id === undefined) return undefined;
  if (typeof id !== 'number' || !Number.isInteger(id)) {
    throw new FormatError(`${field.path}: pad_token_id is ${JSON.stringify(id)}, expected a whole number.`);
  }
  const row = id < 0 ? vocabulary + id : id;
  return row >= 0 && row < vocabulary ? row : undefined;
}

/** Names of the modules of every layer under `prefix`. */
export function inLayers(prefix: string, names: ModuleNames): ModuleNames {
  return Object.fromEntries(Object.entries(names).map(([role, name]) => [role, `${prefix}.*.${name}`]));
}
