import { tf } from '../../engine/tf.ts';
import { fillNormal, fillUniform, tensorId, type NoiseKey } from '../../noise/index.ts';
import type { Decoder } from '../decoder.ts';
import type { Parameter } from '../parameters.ts';
import type { Prefix } from './options.ts';
import { keysAndValuesOf } from './prefix-cache.ts';

/** Keys that no direction has: steps end before it. */
const keyOf = (seed: number, name: string): NoiseKey => {
  return { seed, step: 0xffffffff, query: 0xffffffff, tensor: tensorId(name) };
};

/**
 * The values that a new adapter begins with, each a function of the seed and the tensor's name. LoRA as PEFT: A uniform within
 * 1 / sqrt(inputs) (Kaiming with a = sqrt 5), B zero, so that the model is at first as it was. A prefix as MeZO: keys and
 * values of random tokens, or N(0, 1). The model's own weights must be there.
 */
export async function startValues(model: Decoder, seed: number): Promise<Map<Parameter, Float32Array>> {
  const { adapter } = model;
  const own = model.parameters.list.filter((p) => p.base === undefined);
  if (adapter?.kind === 'prefix' && adapter.init === 'tokens') return tokenValues(model, adapter, own, seed);
  return new Map(own.map((p) => [p, drawn(p, seed)]));
}

function drawn(p: Parameter, seed: number): Float32Array {
  const values = new Float32Array(p.size);
  if (p.role.endsWith('-lora-b')) return values;
  if (!p.role.endsWith('-lora-a')) {
    fillNormal(values, keyOf(seed, p.name));
    return values;
  }
  fillUniform(values, keyOf(seed, p.name));
  const bound = 1 / Math.sqrt(p.shape[1]!);
  return values.map((u) => bound * (2 * u - 1));
}

async function tokenValues(
  model: Decoder,
  { tokens }: Prefix,
  own: readonly Parameter[],
  seed: number,
): Promise<Map<Parameter, Float32Array>> {
  const shares = new Float32Array(tokens);
  fillUniform(shares, keyOf(seed, 'tokens of the prefix'));
  const ids = Array.from(shares, (u) => Math.floor(u * model.config.vocabulary));
  const found = keysAndValuesOf(model, ids);
  try {
    const values = new Map<Parameter, Float32Array>();
    for (const p of own) {
      const [key, value] = found[p.layer]!;
      values.set(p, (await (p.role === 'prefix-key' ? key : value).data<'float32'>()).slice());
    }
    return values;
  } finally {
    tf.dispose(found.flat());
  }
}
