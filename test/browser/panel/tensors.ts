import type { TensorCell } from '../../../src/panel/protocol.ts';

/** A number from 0 to 1 that depends on `n` alone. */
export function chance(n: number): number {
  let x = Math.imul(n + 1, 0x9e3779b1);
  x = Math.imul(x ^ (x >>> 15), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
}

interface Shape {
  layers: number;
  hidden: number;
  kv: number;
  ffn: number;
  vocabulary: number;
}

const shapes: Record<string, Shape> = {
  smol: { layers: 30, hidden: 576, kv: 192, ffn: 1536, vocabulary: 49152 },
  tiny: { layers: 6, hidden: 128, kv: 64, ffn: 352, vocabulary: 1024 },
  wide: { layers: 44, hidden: 64, kv: 64, ffn: 128, vocabulary: 512 },
  one: { layers: 1, hidden: 16, kv: 16, ffn: 32, vocabulary: 64 },
};

/** The tensors of a Llama-like model with tied head, as a profile of it might be. */
export function tensorsOf(model: string, profiled = true): TensorCell[] {
  const { layers, hidden, kv, ffn, vocabulary } = shapes[model]!;
  const list: TensorCell[] = [];
  const add = (name: string, layer: number | null, role: string, ...shape: number[]) => {
    const n = list.length;
    const depth = layer === null ? 0.5 : (layer + 1) / layers;
    const norm = role.includes('norm') ? 0.03 : 1;
    const worth = norm * depth ** 2 * -Math.log(1 - 0.98 * chance(n)) - 0.02;
    const importance = profiled ? 1e-3 * worth : null;
    list.push({ name, layer, role, shape, size: shape.reduce((a, b) => a * b, 1), importance });
  };
  add('model.embed_tokens.weight', null, 'embedding', vocabulary, hidden);
  for (let l = 0; l < layers; l++) {
    const at = (name: string) => `model.layers.${l}.${name}.weight`;
    add(at('input_layernorm'), l, 'attention-norm', hidden);
    add(at('self_attn.q_proj'), l, 'q', hidden, hidden);
    add(at('self_attn.k_proj'), l, 'k', kv, hidden);
    add(at('self_attn.v_proj'), l, 'v', kv, hidden);
    add(at('self_attn.o_proj'), l, 'o', hidden, hidden);
    add(at('post_attention_layernorm'), l, 'ffn-norm', hidden);
    add(at('mlp.gate_proj'), l, 'gate', ffn, hidden);
    add(at('mlp.up_proj'), l, 'up', ffn, hidden);
    add(at('mlp.down_proj'), l, 'down', hidden, ffn);
  }
  add('model.norm.weight', null, 'final-norm', hidden);
  return list;
}
