import { ConfigError } from '../../errors.ts';
import { checkOptions, type Names } from '../../options.ts';
import type { BaseLabel } from '../parameters.ts';

/** What every kind of adapter is told. */
interface Common {
  /** How the model under the adapter is trained: `frozen` (default), or `ZO`. */
  base?: BaseLabel;
}

/** LoRA (Hu et al. 2021): alpha / rank times B A is added to some of the layers' matrices. */
export interface LoraOptions extends Common {
  kind: 'lora';
  /** Defaults to 8. */
  rank?: number;
  /** Defaults to 16, as in MeZO. */
  alpha?: number;
  /** Scale by alpha / sqrt(rank) instead (rsLoRA, Kalajdzievski 2023); default false. */
  rankStabilized?: boolean;
  /**
   * Modules by role (`q`), name, dotted tail or glob (`q_proj`, `layers.0.*`), a list of these or one text with spaces between;
   * `all-linear` for all. Defaults to queries and values, or the fused projection that holds them.
   */
  targets?: string | readonly string[];
}

/** Prefix tuning (Li and Liang 2021) without reparametrization: learned keys and values that every token may look at. */
export interface PrefixOptions extends Common {
  kind: 'prefix';
  /** Positions that it takes; defaults to 5, as in MeZO. */
  tokens?: number;
  /** Starts from the keys and values of random `tokens` of the vocabulary (default, as in MeZO), or from N(0, 1) `noise`. */
  init?: 'tokens' | 'noise';
}

/** A folder that PEFT or `save` wrote: adapter_config.json and adapter_model.safetensors. */
export interface AdapterFolder extends Common {
  from: string;
}

/** An adapter to train beside a model, or to go on with. */
export type AdapterOptions = LoraOptions | PrefixOptions | AdapterFolder;

const loraNames = {
  ...{ kind: true, rank: true, alpha: true, rankStabilized: true, targets: true, base: true },
} satisfies Names<LoraOptions>;
const prefixNames = { kind: true, tokens: true, init: true, base: true } satisfies Names<PrefixOptions>;
const folderNames = { from: true, base: true } satisfies Names<AdapterFolder>;

/** Throws ConfigError for what is no adapter's options, and for those of different ways to give one. */
export function checkAdapter(options: unknown): void {
  const { kind, from } = Object(options) as Partial<Record<string, unknown>>;
  if (kind !== undefined && from !== undefined) {
    throw new ConfigError('An adapter from a folder is as it was: give { from } and base alone.');
  }
  const all = { ...loraNames, ...prefixNames, ...folderNames };
  const ofKind = kind === 'lora' ? loraNames : kind === 'prefix' ? prefixNames : all;
  checkOptions('adapter', options, from === undefined ? ofKind : folderNames);
}

/** {@link LoraOptions} with all defaults filled in. */
export interface Lora extends Required<Omit<LoraOptions, 'targets'>> {
  /** Names of the modules, as in the Hugging Face folder, without `.weight`. */
  targets: readonly string[];
}

/** {@link PrefixOptions} with all defaults filled in. */
export type Prefix = Required<PrefixOptions>;

/** An adapter of a certain model. */
export type Adapter = Lora | Prefix;

/** What B A is multiplied by. */
export function loraScale({ rank, alpha, rankStabilized }: Lora): number {
  return alpha / (rankStabilized ? Math.sqrt(rank) : rank);
}

/** An adapter in a few words. */
export function adapterWords(adapter: Adapter): string {
  const { base } = adapter;
  const under = base === 'ZO' ? 'ZO base' : 'frozen base';
  return adapter.kind === 'lora'
    ? `LoRA of rank ${adapter.rank}, alpha ${adapter.alpha} on ${adapter.targets.length} modules, ${under}`
    : `a prefix of ${adapter.tokens} tokens, ${under}`;
}
