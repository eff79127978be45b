import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  adaptedConfig,
  adaptedParameters,
  decoderParameters,
  ParameterStore,
  parseConfig,
  planAdapter,
  type AdapterOptions,
} from '../../src/model/index.ts';
import { tensorCosts, totalCost, type TensorCost } from '../../src/profile/index.ts';
import { readJson } from '../goldens.ts';

const goldens = join(import.meta.dirname, '..', 'goldens', 'model');
const [batch, length] = [2, 11];
const tokens = batch * length;

function costsOf(name: string, changes: object = {}) {
  const raw = readJson<Record<string, unknown>>(goldens, name, 'config.json');
  const config = parseConfig({ ...raw, ...changes });
  const { list } = new ParameterStore(decoderParameters(config));
  const costs = tensorCosts(config, list, { batch, length });
  return { config, list, costs, of: (tensor: string) => costs[list.findIndex((p) => p.name === tensor)]! };
}

/** pittisl/GreenTrainer, decoder_lm/tensor_flops.py, compute_tensor_flops_opt and _bloom: a rule by a tensor's name. */
function greenTrainer(name: string, shape: readonly number[], hidden: number): Omit<TensorCost, 'fp'> {
  const [rows, width = 1] = shape as [number, number?];
  const map = 4 * batch * length * length * hidden;
  if (/embed_tokens|word_embeddings\.weight/.test(name))
    return { dy: 0, dw: tokens * rows * width + rows * width };
  if (/layer_?norm|ln_f/.test(name)) {
    const cost = name.endsWith('weight') ? tokens * rows : 0;
    return { dy: cost, dw: cost };
  }
  if (name.endsWith('weight')) return { dy: tokens * rows * width, dw: tokens * rows * width };
  const carriesMap = /attn\.v|query_key_value/.test(name);
  return { dy: carriesMap ? map : 0, dw: tokens * rows };
}

describe('tensorCosts', () => {
  it.each(['opt', 'bloom'])("are GreenTrainer's on %s", (name) => {
    const { config, list, costs } = costsOf(name);
    const { hidden, vocabulary } = config;
    list.forEach((p, i) => {
      if (p.role === 'position') return; // there: its number of rows
      const want = greenTrainer(p.name, p.shape, hidden);
      if (p.role === 'embedding') want.dw += tokens * hidden; // the look-up, which is nothing beside the head
      if (i === list.length - 1) want.dy += tokens * vocabulary * hidden;
      expect({ dy: costs[i]!.dy, dw: costs[i]!.dw }, p.name).toEqual(want);
    });
  });

  /** The same model with an adapter. */
  async function adapted(name: string, options: AdapterOptions) {
    const { config } = costsOf(name);
    const { adapter } = await planAdapter(config, options);
    const { list } = new ParameterStore(adaptedParameters(config, decoderParameters(config), adapter));
    const costs = tensorCosts(adaptedConfig(config, adapter), list, { batch, length });
    return { list, costs, of: (tensor: string) => costs[list.findIndex((p) => p.name === tensor)]! };
  }

  it('count the matrices of LoRA like any others, and carry the attention map through the last of v', async () => {
    const plain = costsOf('qwen2');
    const { list, costs, of } = await adapted('qwen2', { kind: 'lora', rank: 2, targets: 'v up' });
    list.forEach((p, i) => {
      const isV = p.name.startsWith('model.layers') && p.name.endsWith('v_proj.bias');
      if (p.base && !isV) expect(costs[i], p.name).toEqual(plain.of(p.name));
    });
    const map = batch * length * length * 24;
    const v = 'base_model.model.model.layers.0.self_attn.v_proj';
    expect(of(`${v}.lora_A.weight`)).toEqual({
      dy: tokens * 2 * 24,
      dw: tokens * 2 * 24,
      fp: tokens * 2 * 24,
    });
    const b = list.find((p) => p.name === `${v}.lora_B.weight`)!;
    const own = tokens * b.size;
    expect(of(b.name)).toEqual({ dy: own + 4 * map, dw: own, fp: own + 2 * map });
    expect(of('model.layers.0.self_attn.v_proj.bias').dy).toBe(0);
  });

  it('widen the attention map by a prefix', async () => {
    const plain = costsOf('gpt2');
    const { list, of, costs } = await adapted('gpt2', { kind: 'prefix', tokens: 3 });
    const [map, wide] = [length * length, 3 * length].map((area) => batch * area * 24) as [number, number];
    expect(of('prompt_embeddings.1.key')).toEqual({ dy: 0, dw: wide, fp: 0 });
    expect(of('prompt_embeddings.1.value')).toEqual({
      dy: 4 * map + 2 * wide,
      dw: wide,
      fp: 2 * (map + wide),
    });
    const total = totalCost(costs);
    const without = totalCost(plain.costs);
    const layers = list.filter((p) => p.role === 'prefix-key').length;
    expect(total.backward - without.backward).toBe(4 * wide * layers);
    expect(total.forward - without.forward).toBe(2 * wide * layers);
  });

  it('put the attention map on the last tensor before it', () => {
    const map = 4 * batch * length * length * 24;
    const phi = costsOf('phi3').of('model.layers.0.self_attn.qkv_proj.weight');
    expect(phi.dy - phi.dw).toBe(map);
    const gpt = costsOf('gpt2');
    expect(gpt.of('transformer.h.1.attn.c_attn.bias').dy).toBe(map);
    const weight = gpt.of('transformer.h.1.attn.c_attn.weight');
    expect(weight.dy).toBe(weight.dw);
    const qwen = costsOf('qwen2');
    expect(qwen.of('model.layers.0.self_attn.v_proj.bias').dy).toBe(map);
    expect(qwen.of('model.layers.0.self_attn.k_proj.bias').dy).toBe(0);
  });

  it('cost the same fused or apart', () => {
    const [phi, llama] = [costsOf('phi3'), costsOf('llama')];
    expect(totalCost(phi.costs)).toEqual(totalCost(llama.costs));
  });

  it('count norms of queries and keys for every head, and projections at the rows that they see', () => {
    const { of, config } = costsOf('qwen3');
    expect(of('model.layers.0.self_attn.q_norm.weight').dw).toBe(tokens * config.heads * config.headDim);
    expect(of('model.layers.0.self_attn.k_norm.weight').dy).toBe(tokens * config.kvHeads * config.headDim);
    const small = costsOf('opt-350m-like');
    const [inward, outward] = [of2(small, 'project_in'), of2(small, 'project_out')];
    expect(inward).toEqual({ dy: tokens * 24 * 16, dw: tokens * 24 * 16, fp: tokens * 24 * 16 });
    // no norm follows the last layer: what projects out carries the head
    expect(outward.dy).toBe(outward.dw + tokens * 67 * 16);
  });

  it.each(readdirSync(goldens))('make a full backward pass of %s about twice the forward', (name) => {
    const { costs } = costsOf(name);
    const { forward, backward } = totalCost(costs);
    expect(backward / forward).toBeGreaterThan(1.9);
    expect(backward / forward).toBeLessThan(2.3);
    expect(costs.every((c) => c.dy >= 0 && c.dw >= 0 && c.fp >= 0)).toBe(true);
  });
});

function of2({ of }: ReturnType<typeof costsOf>, part: string): TensorCost {
  return of(`model.decoder.${part}.weight`);
}
