import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { ConfigError } from '../errors.ts';
import type { AttentionShape, Engine } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import type { WeightDtype } from '../formats/index.ts';
import type { Adapter } from './adapters/options.ts';
import { adaptedConfig, adaptedParameters } from './adapters/parameters.ts';
import { DeviceBatch, type TokenBatch } from './batch.ts';
import type { DecoderConfig } from './config.ts';
import { lossAndGradients, type LossAndGradients } from './gradients.ts';
import { Layer } from './layer.ts';
import { Modules } from './modules.ts';
import { ParameterStore, type Parameter, type Weights } from './parameters.ts';
import { decoderParameters } from './tensors.ts';
import type { PassOptions, Trainable } from './trainable.ts';

/** The tokens of a pass and how they look at each other. */
export interface Pass {
  readonly weights: Weights;
  /** Token ids [N]. */
  readonly ids: Tensor1D;
  /** Rows of the table of learned positions [N], where the model has one. */
  readonly places: Tensor1D | undefined;
  /** Mixes values over the tokens that each may see: q [N, heads*headDim], k and v [N, kvHeads*headDim] -> as q. */
  readonly attend: (layer: number, q: Tensor2D, k: Tensor2D, v: Tensor2D) => Tensor2D;
  /** The rows of a layer's states that go on after its attention, when not all do; `attend` is then asked for these alone. */
  readonly onward?: (layer: number, h: Tensor2D) => Tensor2D;
}

/**
 * A decoder as a chain of blocks: block 0 is the embedding, blocks 1..L are the layers, block L + 1 is what follows them
 * with the head. Blocks take their tensors from a `Weights` view, so one code runs clean and perturbed.
 */
export class Decoder implements Trainable<TokenBatch, DeviceBatch> {
  readonly parameters: ParameterStore;
  /** Element type of the file that each parameter was loaded from. */
  readonly storedAs = new Map<Parameter, WeightDtype>();
  /** Values that the tensors of an adapter began with. */
  readonly adapterStart: Map<Parameter, Float32Array> = new Map<Parameter, Float32Array>();
  /** With a prefix, what it takes of the positions is taken off. */
  readonly config: DecoderConfig;
  readonly #modules: Modules;
  readonly #layer: Layer;

  constructor(
    readonly engine: Engine,
    config: DecoderConfig,
    /** What is trained beside the model, or in its place. */
    readonly adapter?: Adapter,
  ) {
    const own = decoderParameters(config);
    this.config = adaptedConfig(config, adapter);
    this.parameters = new ParameterStore(adapter ? adaptedParameters(config, own, adapter) : own);
    this.#modules = new Modules(engine.ops, this.config, this.parameters.list, adapter);
    this.#layer = new Layer(engine.ops, this.config, this.#modules);
  }

  /** Number of blocks before the head: the embedding and the layers. */
  get blocks(): number {
    return this.config.layers + 1;
  }

  /** Block that a parameter is first used in. */
  blockOf(p: Parameter): number {
    return p.layer + 1;
  }

  /** Blocks that a parameter is used in, `blocks` for the head: two for a tied embedding. */
  blocksOf(p: Parameter): number[] {
    return this.config.tied && p === this.embedding ? [0, this.blocks] : [this.blockOf(p)];
  }

  get embedding(): Parameter {
    return this.#modules.at(-1, 'embedding').weight;
  }

  /** The output head: the embedding itself when tied. */
  get headParameter(): Parameter {
    const { layers, tied } = this.config;
    return tied ? this.embedding : this.#modules.at(layers, 'head').weight;
  }

  /**
   * Hidden states [B*T, D] after blocks `from`..`to` - 1, starting from `h` (the states before block `from`).
   * Every block runs in a tidy of its own: perturbed copies live until their block is done, or until the backward pass
   * that needs them. `h` is left alone; the result is new.
   */
  hidden(weights: Weights, batch: DeviceBatch, from = 0, to = this.blocks, h?: Tensor2D): Tensor2D {
    const attend: Pass['attend'] = (l, q, k, v) => this.attend(weights, batch, l, q, k, v);
    return this.pass({ weights, ids: batch.ids, places: batch.places, attend }, from, to, h);
  }

  /** As `hidden`, for any pass. */
  pass(pass: Pass, from = 0, to = this.blocks, h?: Tensor2D): Tensor2D {
    let states = h;
    for (let b = from; b < to; b++) {
      const before = states;
      try {
        states = tf.tidy(() => (b === 0 ? this.#embed(pass) : this.#layer.run(b - 1, pass, before!)));
      } finally {
        if (before && before !== h) before.dispose();
      }
    }
    if (!states)
      throw new ConfigError(`hidden(): blocks ${from}..${to} need the states before block ${from}.`);
    return states;
  }

  /** Attention of layer `l` over all rows of a batch, and over the prefix where there is one. */
  attend(weights: Weights, batch: DeviceBatch, l: number, q: Tensor2D, k: Tensor2D, v: Tensor2D): Tensor2D {
    const { ops } = this.engine;
    const { attention, prefix, batch: rows, length } = batch;
    if (!prefix) return ops.attention(q, k, v, this.attentionShape(l, rows, length), attention);
    const [keys, values] = this.prefixOf(weights, l);
    const noQueries = tf.tensor2d(new Float32Array(prefix.tokens * q.shape[1]), [prefix.tokens, q.shape[1]]);
    const mixed = ops.attention(
      prefix.join(ops, noQueries, q),
      prefix.join(ops, keys, k),
      prefix.join(ops, values, v),
      this.attentionShape(l, rows, prefix.tokens + length),
      attention,
    );
    return prefix.textOf(ops, mixed);
  }

  /** The same for some queries only, those at `places` of the batch; k and v are whole. Not differentiable. */
  attendAt(
    places: Int32Array,
    weights: Weights,
    batch: DeviceBatch,
    l: number,
    q: Tensor2D,
    k: Tensor2D,
    v: Tensor2D,
  ): Tensor2D {
    const { ops } = this.engine;
    const { attention, prefix, batch: rows, length } = batch;
    if (!prefix) return ops.attentionAt(places, q, k, v, this.attentionShape(l, rows, length), attention);
    const [keys, values] = this.prefixOf(weights, l);
    return ops.attentionAt(
      places.map((place) => prefix.placeOf(place)),
      q,
      prefix.join(ops, keys, k),
      prefix.join(ops, values, v),
      this.attentionShape(l, rows, prefix.tokens + length),
      attention,
    );
  }

  /** The prefix's keys and values in layer `l`, each [tokens, kvHeads * headDim]. */
  prefixOf(weights: Weights, l: number): [Tensor2D, Tensor2D] {
    const [key, value] = [this.#modules.at(l, 'prefix-key'), this.#modules.at(l, 'prefix-value')];
    return [weights(key.weight) as Tensor2D, weights(value.weight) as Tensor2D];
  }

  /** How layer `l` attends over `batch` rows of `length` tokens. */
  attentionShape(l: number, batch: number, length: number): AttentionShape {
    const { heads, kvHeads, headDim, attention } = this.config;
    const { softcap } = attention;
    const [scale, window] = [attention.scales[l]!, attention.windows[l]];
    return { batch, length, heads, kvHeads, headDim, scale, softcap, window };
  }

  /**
   * Mean cross-entropy at the supervised positions and the loss of each, from the states after the last layer; over the batch's
   * candidates where it has some.
   */
  loss(
    weights: Weights,
    batch: Pick<DeviceBatch, 'positions' | 'targets' | 'candidates'>,
    h: Tensor2D,
  ): { mean: Scalar; tokens: Tensor1D } {
    const { ops } = this.engine;
    const rows = this.#top(weights, ops.embed(h, batch.positions)); // only supervised rows reach the head
    const all = weights(this.headParameter) as Tensor2D;
    const head = batch.candidates ? ops.embed(all, batch.candidates) : all;
    return ops.headLoss(rows, head, batch.targets, this.config.logitSoftcap);
  }

  /** Logits [n, V] at `positions` (all rows by default). */
  logits(weights: Weights, h: Tensor2D, positions?: Tensor1D): Tensor2D {
    const { ops } = this.engine;
    const cap = this.config.logitSoftcap;
    return tf.tidy(() => {
      const rows = this.#top(weights, positions ? ops.embed(h, positions) : h);
      const logits = ops.linear(rows, weights(this.headParameter) as Tensor2D);
      return cap === undefined ? logits : tf.mul<Tensor2D>(tf.tanh(tf.div(logits, cap)), cap);
    });
  }

  prepare(batch: TokenBatch): DeviceBatch {
    return new DeviceBatch(batch, this.config);
  }

  lossAndGradients(
    weights: Weights,
    batch: DeviceBatch,
    wrt: readonly Parameter[],
    options?: PassOptions,
  ): Promise<LossAndGradients> {
    return lossAndGradients(this, weights, batch, wrt, options);
  }

  dispose(): void {
    this.parameters.dispose();
  }

  #embed({ weights, ids, places }: Pass): Tensor2D {
    const { ops } = this.engine;
    const { padding, embeddingScale } = this.config;
    const m = this.#modules;
    let h = ops.embed(weights(this.embedding) as Tensor2D, ids, padding);
    if (embeddingScale !== 1) h = tf.mul(h, embeddingScale);
    if (m.has('project-in')) h = m.linear(weights, -1, 'project-in', h);
    if (places) h = ops.add(h, ops.embed(weights(m.at(-1, 'position').weight) as Tensor2D, places));
    return m.norm(weights, -1, 'embedding-norm', h);
  }

  /** What stands between the last layer and the head. */
  #top(weights: Weights, h: Tensor2D): Tensor2D {
    const { layers } = this.config;
    const normed = this.#modules.norm(weights, layers, 'final-norm', h);
    if (!this.#modules.has('project-out')) return normed;
    return this.#modules.linear(weights, layers, 'project-out', normed);
  }
}
