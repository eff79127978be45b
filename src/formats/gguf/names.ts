import { FormatError } from '../../errors.ts';

/** What was done to a tensor on its way into a GGUF file, to be undone on reading. */
export type Change =
  /** Nothing. */
  | 'none'
  /** Rows of each query or key head interleaved: row 2i + j of a head is row j * half + i of Hugging Face's. */
  | 'query-rows'
  | 'key-rows'
  /** Written [out, in], where GPT-2's Conv1D keeps [in, out]. */
  | 'transposed';

/** Name and change by what stands between `blk.N.` and the suffix; `''` lists the tensors outside the layers. */
interface Family {
  readonly layers: string;
  readonly inLayer: Readonly<Record<string, string>>;
  readonly outside: Readonly<Record<string, string>>;
  change(part: string): Change;
}

const decoder: Omit<Family, 'change'> = {
  layers: 'model.layers',
  inLayer: {
    attn_norm: 'input_layernorm',
    attn_q: 'self_attn.q_proj',
    attn_k: 'self_attn.k_proj',
    attn_v: 'self_attn.v_proj',
    attn_output: 'self_attn.o_proj',
    attn_q_norm: 'self_attn.q_norm',
    attn_k_norm: 'self_attn.k_norm',
    ffn_norm: 'post_attention_layernorm',
    ffn_gate: 'mlp.gate_proj',
    ffn_up: 'mlp.up_proj',
    ffn_down: 'mlp.down_proj',
  },
  outside: { token_embd: 'model.embed_tokens', output_norm: 'model.norm', output: 'lm_head' },
};

const unchanged = (): Change => 'none';
const interleaved = new Map<string, Change>([
  ['attn_q', 'query-rows'],
  ['attn_k', 'key-rows'],
]);
const convolutions = new Set(['attn_qkv', 'attn_output', 'ffn_up', 'ffn_down']);

/**
 * Tensor names of the architectures that are read. Source: ggml-org/llama.cpp, gguf-py/gguf/tensor_mapping.py and
 * convert_hf_to_gguf.py (`permute` of LlamaModel, the transposes of GPT2Model).
 */
const families: Readonly<Record<string, Family>> = {
  llama: { ...decoder, change: (part) => interleaved.get(part) ?? 'none' },
  qwen2: { ...decoder, change: unchanged },
  qwen3: { ...decoder, change: unchanged },
  gpt2: {
    layers: 'transformer.h',
    inLayer: {
      attn_norm: 'ln_1',
      attn_qkv: 'attn.c_attn',
      attn_output: 'attn.c_proj',
      ffn_norm: 'ln_2',
      ffn_up: 'mlp.c_fc',
      ffn_down: 'mlp.c_proj',
    },
    outside: {
      token_embd: 'transformer.wte',
      position_embd: 'transformer.wpe',
      output_norm: 'transformer.ln_f',
    },
    change: (part) => (convolutions.has(part) ? 'transposed' : 'none'),
  },
};

export const architectures = Object.keys(families);

/**
 * The Hugging Face name of a GGUF tensor and what to undo, or undefined for one that holds no weights of its own: `rope_freqs`
 * (which the config says) and GPT-2's `output`, a copy of the embedding. Throws FormatError for a name that the architecture does
 * not have, since leaving a tensor out would compute something else.
 */
export function nameOf(
  architecture: string,
  tensor: string,
  path: string,
): { name: string; change: Change } | undefined {
  if (tensor === 'rope_freqs.weight' || (architecture === 'gpt2' && tensor === 'output.weight'))
    return undefined;
  const family = families[architecture]!;
  const [, layer, part, suffix] = /^(?:blk\.(\d+)\.)?([a-z_]+)\.(weight|bias)$/.exec(tensor) ?? [];
  const names = layer === undefined ? family.outside : family.inLayer;
  if (part === undefined || !Object.hasOwn(names, part)) {
    throw new FormatError(`${path}: the tensor ${tensor} is not known for architecture ${architecture}.`);
  }
  const name = names[part]!;
  if (layer === undefined) return { name: `${name}.${suffix}`, change: 'none' };
  const change = family.change(part);
  // a bias has no second dimension to transpose
  const kept = change === 'transposed' && suffix === 'bias' ? 'none' : change;
  return { name: `${family.layers}.${Number(layer)}.${name}.${suffix}`, change: kept };
}
