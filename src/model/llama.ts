import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { ConfigError } from '../errors.ts';
import type { Engine } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import type { DeviceBatch } from './batch.ts';
import type { LlamaConfig } from './config.ts';
import { ParameterStore, type Parameter, type ParameterInfo, type Role, type Weights } from './parameters.ts';

/** The tensors of a Llama decoder in true execution order, named as in its Hugging Face folder. */
export function llamaParameters(c: LlamaConfig): ParameterInfo[] {
  const { hidden: d, feedForward: f } = c;
  const q = c.heads * c.headDim;
  const kv = c.kvHeads * c.headDim;
  const info = (name: string, role: Role, layer: number, ...shape: number[]): ParameterInfo => ({
    name,
    role,
    layer,
    shape,
    size: shape.reduce((n, s) => n * s, 1),
    tied: role === 'embedding' && c.tied,
  });
  const layers = Array.from({ length: c.layers }, (_, l) => {
    const at = `model.layers.${l}`;
    return [
      info(`${at}.input_layernorm.weight`, 'attention-norm', l, d),
      info(`${at}.self_attn.q_proj.weight`, 'q', l, q, d),
      info(`${at}.self_attn.k_proj.weight`, 'k', l, kv, d),
      info(`${at}.self_attn.v_proj.weight`, 'v', l, kv, d),
      info(`${at}.self_attn.o_proj.weight`, 'o', l, d, q),
      info(`${at}.post_attention_layernorm.weight`, 'ffn-norm', l, d),
      info(`${at}.mlp.gate_proj.weight`, 'gate', l, f, d),
      info(`${at}.mlp.up_proj.weight`, 'up', l, f, d),
      info(`${at}.mlp.down_proj.weight`, 'down', l, d, f),
    ];
  });
  return [
    info('model.embed_tokens.weight', 'embedding', -1, c.vocabulary, d),
    ...layers.flat(),
    info('model.norm.weight', 'final-norm', c.layers, d),
    ...(c.tied ? [] : [info('lm_head.weight', 'head', c.layers, c.vocabulary, d)]),
  ];
}

type LayerRole = Exclude<Role, 'embedding' | 'final-norm' | 'head'>;

/**
 * A Llama-family decoder as a chain of blocks: block 0 is the embedding, blocks 1..L are the layers, block L + 1 is the
 * final norm with the head. Blocks take their tensors from a `Weights` view, so one code runs clean and perturbed.
 */
export class Llama {
  readonly parameters: ParameterStore;
  private readonly at: Partial<Record<Role, Parameter>>[] = [];

  constructor(
    readonly engine: Engine,
    readonly config: LlamaConfig,
  ) {
    this.parameters = new ParameterStore(llamaParameters(config));
    for (const p of this.parameters.list) (this.at[this.blockOf(p)] ??= {})[p.role] = p;
  }

  /** Number of blocks before the head: the embedding and the layers. */
  get blocks(): number {
    return this.config.layers + 1;
  }

  /** Block that a parameter is first used in. */
  blockOf(p: Parameter): number {
    return p.layer + 1;
  }

  /** The parameters of layer `l` by role. */
  layer(l: number): Record<LayerRole, Parameter> {
    return this.at[l + 1] as Record<LayerRole, Parameter>;
  }

  get embedding(): Parameter {
    return this.at[0]!.embedding!;
  }

  get finalNorm(): Parameter {
    return this.at[this.blocks]!['final-norm']!;
  }

  /** The output head: the embedding itself when tied. */
  get headParameter(): Parameter {
    return this.at[this.blocks]!.head ?? this.embedding;
  }

  /**
   * Hidden states [B*T, D] after blocks `from`..`to` - 1, starting from `h` (the states before block `from`).
   * Every block runs in a tidy of its own: perturbed copies live until their block is done, or until the backward pass
   * that needs them. `h` is left alone; the result is new.
   */
  hidden(weights: Weights, batch: DeviceBatch, from = 0, to = this.blocks, h?: Tensor2D): Tensor2D {
    let states = h;
    for (let b = from; b < to; b++) {
      const before = states;
      states = tf.tidy(() =>
        b === 0 ? this.embed(weights, batch) : this.block(b - 1, weights, batch, before!),
      );
      if (before && before !== h) before.dispose();
    }
    if (!states)
      throw new ConfigError(`hidden(): blocks ${from}..${to} need the states before block ${from}.`);
    return states;
  }

  /** Mean cross-entropy at the supervised positions and the loss of each, from the states after the last layer. */
  loss(weights: Weights, batch: DeviceBatch, h: Tensor2D): { mean: Scalar; tokens: Tensor1D } {
    const { ops } = this.engine;
    const rows = ops.embed(h, batch.positions); // only supervised rows reach the head
    const normed = ops.rmsNorm(rows, weights(this.finalNorm) as Tensor1D, this.config.normEpsilon);
    return ops.headLoss(normed, weights(this.headParameter) as Tensor2D, batch.targets);
  }

  /** Logits [n, V] at `positions` (all rows by default). */
  logits(weights: Weights, h: Tensor2D, positions?: Tensor1D): Tensor2D {
    const { ops } = this.engine;
    return tf.tidy(() => {
      const rows = positions ? ops.embed(h, positions) : h;
      const normed = ops.rmsNorm(rows, weights(this.finalNorm) as Tensor1D, this.config.normEpsilon);
      return ops.linear(normed, weights(this.headParameter) as Tensor2D);
    });
  }

  dispose(): void {
    this.parameters.dispose();
  }

  private embed(weights: Weights, batch: DeviceBatch): Tensor2D {
    return this.engine.ops.embed(weights(this.embedding) as Tensor2D, batch.ids, this.config.padding);
  }

  private block(l: number, weights: Weights, batch: DeviceBatch, h: Tensor2D): Tensor2D {
    const { ops } = this.engine;
    const { heads, kvHeads, headDim, normEpsilon } = this.config;
    const p = this.layer(l);
    const matrix = (role: keyof typeof p) => weights(p[role]) as Tensor2D;
    const gain = (role: keyof typeof p) => weights(p[role]) as Tensor1D;

    const a = ops.rmsNorm(h, gain('attention-norm'), normEpsilon);
    const mixed = ops.attention(
      ops.linear(a, matrix('q')),
      ops.linear(a, matrix('k')),
      ops.linear(a, matrix('v')),
      { batch: batch.batch, length: batch.length, heads, kvHeads, headDim },
      batch.rotary,
    );
    const middle = ops.add(h, ops.linear(mixed, matrix('o')));

    const f = ops.rmsNorm(middle, gain('ffn-norm'), normEpsilon);
    const inner = ops.gated(ops.linear(f, matrix('gate')), ops.linear(f, matrix('up')), 'silu');
    return ops.add(middle, ops.linear(inner, matrix('down')));
  }
}
