import { safetensorsChunks, type FileToWrite, type TensorToWrite } from '../../formats/index.ts';
import type { WeightDtype } from '../../formats/index.ts';
import type { Decoder } from '../decoder.ts';
import type { Parameter } from '../parameters.ts';
import type { Adapter, Lora } from './options.ts';
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS, PROMPT } from './peft-read.ts';
import { linearModules } from './targets.ts';

/**
 * The files of a model's adapter as PEFT has them; nothing for a model without one. `base` is where the model under it is.
 */
export function adapterFiles(model: Decoder, base: string, dtype: WeightDtype = 'F32'): FileToWrite[] {
  const { adapter } = model;
  if (!adapter) return [];
  const config = JSON.stringify(peftConfig(model, adapter, base), null, 2) + '\n';
  return [
    { name: ADAPTER_CONFIG, chunks: () => [Buffer.from(config)] },
    { name: ADAPTER_WEIGHTS, chunks: () => safetensorsChunks(tensors(model, adapter, dtype)) },
  ];
}

function peftConfig({ config }: Decoder, adapter: Adapter, base: string): object {
  const common = { base_model_name_or_path: base, task_type: 'CAUSAL_LM', inference_mode: true };
  if (adapter.kind === 'lora') {
    return {
      peft_type: 'LORA',
      ...common,
      r: adapter.rank,
      lora_alpha: adapter.alpha,
      use_rslora: adapter.rankStabilized,
      lora_dropout: 0,
      bias: 'none',
      fan_in_fan_out: config.inOut,
      target_modules: targetNames(
        adapter,
        linearModules(config).map(({ name }) => name),
      ),
    };
  }
  const width = config.kvHeads * config.headDim;
  return {
    peft_type: 'PREFIX_TUNING',
    ...common,
    num_virtual_tokens: adapter.tokens,
    num_layers: config.layers,
    num_attention_heads: config.kvHeads,
    token_dim: width,
    encoder_hidden_size: width,
    num_transformer_submodules: 1,
    prefix_projection: false,
  };
}

/**
 * Names that PEFT, which compares ends of names, finds the same modules by: the shortest tail that all of them have and no other
 * module has, or else the whole name.
 */
function targetNames({ targets }: Lora, all: readonly string[]): string[] {
  const chosen = new Set(targets);
  const names = targets.map((name) => {
    const parts = name.split('.');
    const tails = parts.map((_, i) => parts.slice(i).join('.')).reverse();
    const fits = (tail: string) =>
      all.every((other) => chosen.has(other) || !`.${other}`.endsWith(`.${tail}`));
    return tails.find(fits)!;
  });
  return [...new Set(names)];
}

/** A prefix is one tensor in the file: a row a token, of each layer its keys and then its values. */
function tensors(model: Decoder, adapter: Adapter, dtype: WeightDtype): TensorToWrite[] {
  const { list, get } = model.parameters;
  const own = list.filter((p) => p.base === undefined);
  const valuesOf = async (p: Parameter) => (await get(p).data()) as Float32Array;
  if (adapter.kind === 'lora') {
    return own.map((p) => ({ name: p.name, shape: p.shape, dtype, data: () => valuesOf(p) }));
  }
  const width = own[0]!.shape[1]!;
  const row = own.length * width;
  const data = async () => {
    const whole = new Float32Array(adapter.tokens * row);
    for (const [i, p] of own.entries()) {
      const part = await valuesOf(p);
      for (let t = 0; t < adapter.tokens; t++) {
        whole.set(part.subarray(t * width, (t + 1) * width), t * row + i * width);
      }
    }
    return whole;
  };
  return [{ name: PROMPT, shape: [adapter.tokens, row], dtype, data }];
}
