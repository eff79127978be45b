import { join } from 'node:path';
import { ConfigError, FormatError } from '../../errors.ts';
import { readJson, SafetensorsFile } from '../../formats/index.ts';
import type { DecoderConfig } from '../config.ts';
import { Fields } from '../fields.ts';
import type { Parameter } from '../parameters.ts';
import { assertFinite } from '../stored-weights.ts';
import type { AdapterFolder, LoraOptions, PrefixOptions } from './options.ts';
import { PEFT_PREFIX } from './parameters.ts';
import { linearModules } from './targets.ts';

/** Names in a PEFT folder. */
export const ADAPTER_CONFIG = 'adapter_config.json';
export const ADAPTER_WEIGHTS = 'adapter_model.safetensors';
/** The one tensor of a prefix: [tokens, layers * 2 * kvHeads * headDim], of each layer its keys and then its values. */
export const PROMPT = 'prompt_embeddings';

/** What makes LoRA another computation than alpha / r * B A; each must be absent, null, false or empty. */
const foreign = [
  ...[
    'use_dora',
    'use_qalora',
    'use_bdlora',
    'alora_invocation_tokens',
    'kasa_config',
    'monteclora_config',
    'velora_config',
  ],
  ...['lora_bias', 'rank_pattern', 'alpha_pattern', 'modules_to_save', 'target_parameters'],
  ...['trainable_token_indices', 'layer_replication', 'arrow_config'],
];

/** Starts of LoRA that leave the model under it as it was. */
const plainStarts: readonly (string | boolean)[] = [true, false, 'gaussian', 'eva', 'orthogonal'];

/** A folder that PEFT or `save` wrote, its header read; the values are read when they are asked for. */
export class PeftFolder {
  private constructor(
    /** As `adapter` of `open` takes it, with the very modules that the folder has tensors for. */
    readonly options: LoraOptions | PrefixOptions,
    private readonly file: SafetensorsFile,
  ) {}

  /** Throws FormatError for a broken folder or one of another model, ConfigError for what is not supported. */
  static async open({ from: dir, base }: AdapterFolder, config: DecoderConfig): Promise<PeftFolder> {
    const path = join(dir, ADAPTER_CONFIG);
    const raw = await readJson(path);
    if (!raw) throw new ConfigError(`There is no ${path}. Give a folder that PEFT or save() wrote.`);
    const field = new Fields(raw, path);
    const type = field.text('peft_type');
    const under = base && { base };
    const file = await SafetensorsFile.open(join(dir, ADAPTER_WEIGHTS));
    try {
      if (type === 'LORA') return new PeftFolder({ ...lora(field, file, config), ...under }, file);
      if (type === 'PREFIX_TUNING') return new PeftFolder({ ...prefix(field, file, config), ...under }, file);
    } finally {
      await file.close();
    }
    return field.unsupported('peft_type', 'Supported: LORA, PREFIX_TUNING.');
  }

  /** Throws FormatError where LoRA's matrices have other shapes than an adapter's parameters. */
  check(parameters: readonly Parameter[]): void {
    if (this.options.kind === 'prefix') return;
    for (const p of parameters) {
      const { shape } = this.file.tensors.get(p.name)!;
      if (shape.join() === p.shape.join()) continue;
      throw otherModel(
        this.file,
        `${p.name} of shape [${shape.join(', ')}], this model asks for [${p.shape.join(', ')}]`,
      );
    }
  }

  /** The values of an adapter's tensors. */
  async read(parameters: readonly Parameter[]): Promise<Map<Parameter, Float32Array>> {
    const file = await SafetensorsFile.open(this.file.path);
    try {
      const values = new Map<Parameter, Float32Array>();
      const whole = this.options.kind === 'prefix' ? await file.read(PROMPT) : undefined;
      for (const p of parameters) {
        values.set(p, whole ? partOf(whole, p) : await file.read(p.name));
        assertFinite(values.get(p)!, `${file.path}: ${p.name}`);
      }
      return values;
    } finally {
      await file.close();
    }
  }
}

function lora(field: Fields, file: SafetensorsFile, config: DecoderConfig): LoraOptions {
  for (const name of foreign) {
    const value = field.raw(name);
    const isEmpty = typeof value === 'object' && Object.keys(value!).length === 0;
    if (value !== undefined && value !== false && !isEmpty)
      field.unsupported(name, 'Supported: plain LoRA on linear modules.');
  }
  const start = field.raw('init_lora_weights') ?? true;
  if (!plainStarts.includes(start as string | boolean)) {
    field.unsupported(
      'init_lora_weights',
      'Such a start changes the model under the adapter: save it in PEFT with path_initial_model_for_weight_conversion.',
    );
  }
  field.only('bias', 'none');
  const rank = field.count('r');
  const known = new Map(linearModules(config).map((m) => [m.name, m.role]));
  const targets = new Set<string>();
  for (const name of file.tensors.keys()) {
    const [, module] = /^base_model\.model\.(.+)\.lora_[AB]\.weight$/.exec(name) ?? [];
    if (module === undefined) {
      throw new ConfigError(
        `${file.path} holds ${name}, which is not supported: plain LoRA on linear modules is.`,
      );
    }
    if (!known.has(module))
      throw otherModel(file, `${name}, and this ${config.modelType} has no such module`);
    targets.add(module);
  }
  for (const module of targets) {
    for (const part of ['A', 'B']) {
      const name = `${PEFT_PREFIX}${module}.lora_${part}.weight`;
      if (!file.tensors.has(name)) throw new FormatError(`${file.path} has no ${name}. Take another copy.`);
    }
  }
  return {
    kind: 'lora',
    rank,
    alpha: field.positive('lora_alpha'),
    rankStabilized: field.flag('use_rslora', false),
    targets: [...targets],
  };
}

function prefix(field: Fields, file: SafetensorsFile, config: DecoderConfig): PrefixOptions {
  const tokens = field.count('num_virtual_tokens');
  const { shape } = file.tensors.get(PROMPT) ?? {};
  if (!shape) throw new FormatError(`${file.path} has no ${PROMPT}. Take another copy.`);
  const width = config.layers * 2 * config.kvHeads * config.headDim;
  if (shape.join() !== [tokens, width].join()) {
    throw otherModel(
      file,
      `${PROMPT} of shape [${shape.join(', ')}], this model asks for [${tokens}, ${width}]`,
    );
  }
  return { kind: 'prefix', tokens };
}

function otherModel({ path }: SafetensorsFile, what: string): FormatError {
  return new FormatError(`${path} holds ${what}. The adapter belongs to another model.`);
}

/** A layer's keys or values of the one tensor of a prefix. */
function partOf(whole: Float32Array, { layer, role, shape, size }: Parameter): Float32Array {
  const [tokens, width] = shape as [number, number];
  const row = whole.length / tokens;
  const start = (2 * layer + (role === 'prefix-value' ? 1 : 0)) * width;
  return Float32Array.from(
    { length: size },
    (_, i) => whole[Math.floor(i / width) * row + start + (i % width)]!,
  );
}
