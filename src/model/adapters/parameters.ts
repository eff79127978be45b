import type { DecoderConfig } from '../config.ts';
import type { LinearRole, ParameterInfo } from '../parameters.ts';
import type { Adapter, Lora, Prefix } from './options.ts';

/** What PEFT puts before the name of a module. */
export const PEFT_PREFIX = 'base_model.model.';

/** The config of a model with an adapter: a prefix takes positions. */
export function adaptedConfig(config: DecoderConfig, adapter: Adapter | undefined): DecoderConfig {
  if (adapter?.kind !== 'prefix') return config;
  const { tokens } = adapter;
  return { ...config, prefix: tokens, maxPositions: config.maxPositions - tokens };
}

/**
 * A model's tensors with those of an adapter where they are used: A and B of LoRA after their module, the prefix's keys and
 * values before the output projection, which is where attention comes.
 */
export function adaptedParameters(
  config: DecoderConfig,
  own: readonly ParameterInfo[],
  adapter: Adapter,
): ParameterInfo[] {
  const made = adapter.kind === 'lora' ? loraAfter(config, adapter) : prefixBefore(config, adapter);
  return own.flatMap((info, i) => {
    const under = { ...info, base: adapter.base };
    return made(info, own[i + 1], under);
  });
}

type Insert = (info: ParameterInfo, next: ParameterInfo | undefined, under: ParameterInfo) => ParameterInfo[];

function loraAfter({ inOut }: DecoderConfig, { rank, targets }: Lora): Insert {
  const chosen = new Set(targets);
  let weight: ParameterInfo | undefined;
  return (info, next, under) => {
    const module = info.name.replace(/\.(weight|bias)$/, '');
    if (!info.bias) weight = info;
    const isLast = !next?.bias;
    if (!isLast || !chosen.has(module) || !weight) return [under];
    const role = info.role as LinearRole;
    const [rows, columns] = weight.shape as [number, number];
    const [out, into] = inOut ? [columns, rows] : [rows, columns];
    const of = (part: 'A' | 'B', shape: [number, number]): ParameterInfo => ({
      name: `${PEFT_PREFIX}${module}.lora_${part}.weight`,
      role: part === 'A' ? `${role}-lora-a` : `${role}-lora-b`,
      layer: info.layer,
      shape,
      size: shape[0] * shape[1],
      tied: false,
    });
    return [under, of('A', [rank, into]), of('B', [out, rank])];
  };
}

function prefixBefore({ kvHeads, headDim }: DecoderConfig, { tokens }: Prefix): Insert {
  const width = kvHeads * headDim;
  return (info, _, under) => {
    if (info.role !== 'o' || info.bias) return [under];
    const of = (part: 'key' | 'value'): ParameterInfo => ({
      name: `prompt_embeddings.${info.layer}.${part}`,
      role: `prefix-${part}`,
      layer: info.layer,
      shape: [tokens, width],
      size: tokens * width,
      tied: false,
    });
    return [of('key'), of('value'), under];
  };
}
