import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import type { Distribution, NoiseKey } from '../noise/key.ts';

/** Names of tensor engines. `auto` picks the fastest that loads and computes. */
export type EngineName = 'auto' | 'wasm' | 'fast' | 'cpu' | 'native' | 'gpu' | 'webgpu';

/** How an engine is set up. */
export interface EngineOptions {
  /** Use the fast forms of the operations where the engine has them (default true); false leaves the plain forms. */
  fused?: boolean;
  /** Let the wasm kernels use FMA where this Node has relaxed SIMD (default true). */
  relaxed?: boolean;
  /** Threads of wasm and fast; defaults to `HI_ZFO_THREADS`, or one a processor, at most 8. wasm's results do not depend on it. */
  threads?: number;
}

/** Shape of one attention call, rows batch-major: row = b * length + t; and what is done to its scores. */
export interface AttentionShape {
  batch: number;
  length: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  /** Scores are this times q k; defaults to 1 / sqrt(headDim). */
  scale?: number;
  /** Scores s become cap * tanh(s / cap). */
  softcap?: number | undefined;
  /** Query i sees keys i - window + 1 to i only. */
  window?: number | undefined;
}

/** cos and sin of the rotary angles at positions 0..length-1, each [length, r / 2]; the first r of headDim turn. */
export interface RotaryTable {
  cos: Tensor2D;
  sin: Tensor2D;
}

/** ALiBi: head h adds slopes[h] * (j - i) to the score of query i and key j. */
export interface AlibiSlopes {
  slopes: Tensor1D;
}

/** How attention knows positions; undefined when it does not. */
export type AttentionPositions = RotaryTable | AlibiSlopes | undefined;

/** `gelu` is the exact one (erf), `gelu-tanh` its approximation by tanh, as GPT-2 and BLOOM have it. */
export type Activation = 'silu' | 'gelu' | 'gelu-tanh' | 'relu';

/** One AdamW update; `step` counts from 1. */
export interface AdamWSettings {
  rate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  step: number;
}

/**
 * Operations that the method needs beyond TF.js. Every engine has each; the plain form (TF.js operations) is the
 * reference, fast forms replace it engine by engine. All tensors are float32 unless said; nothing is done in place.
 */
export interface Ops {
  // ---- differentiable: safe inside a gradient tape, gradients for every float input
  /** Rows of `weight` [V, D] at int32 `ids` [N] -> [N, D]. Gradient: scatter-add. Rows equal to `padding` get none. */
  embed(weight: Tensor2D, ids: Tensor1D, padding?: number): Tensor2D;
  /** x [N, D] / sqrt(mean(x^2) + eps) * gain [D]. */
  rmsNorm(x: Tensor2D, gain: Tensor1D, eps: number): Tensor2D;
  /** (x [N, D] - mean) / sqrt(variance + eps) * gain [D] + bias [D]. */
  layerNorm(x: Tensor2D, gain: Tensor1D, bias: Tensor1D, eps: number): Tensor2D;
  /** x [N, in] times the transpose of w [out, in] -> [N, out], plus bias [out] if given. `inOut`: w is stored [in, out]. */
  linear(x: Tensor2D, w: Tensor2D, bias?: Tensor1D, inOut?: boolean): Tensor2D;
  /** Columns of x [N, sum of widths] in pieces [N, width], from left to right. */
  split(x: Tensor2D, widths: readonly number[]): Tensor2D[];
  /**
   * Causal self-attention with grouped keys and values (query head h uses key head h / (heads / kvHeads), rounded down).
   * q [B*T, heads*headDim], k and v [B*T, kvHeads*headDim] -> [B*T, heads*headDim]. Rotary positions (half-split form) are
   * applied to q and k here.
   */
  attention(
    q: Tensor2D,
    k: Tensor2D,
    v: Tensor2D,
    shape: AttentionShape,
    positions: AttentionPositions,
  ): Tensor2D;
  /** activation(x), any shape. */
  activate(x: Tensor2D, activation: Activation): Tensor2D;
  /** activation(gate) * up, equal shapes; SwiGLU with `silu`. */
  gated(gate: Tensor2D, up: Tensor2D, activation: Activation): Tensor2D;
  /** a + b, equal shapes (the residual). */
  add(a: Tensor2D, b: Tensor2D): Tensor2D;
  /**
   * Cross-entropy of logits = h w^T at int32 `targets` [n], h [n, D], w [V, D]; with `softcap` the logits l are
   * cap * tanh(l / cap) instead.
   * `mean` [] is differentiable; `tokens` [n] are the losses one by one (exp-sums in float64), not differentiable;
   * average them in float64 on the host for the loss that is reported.
   */
  headLoss(h: Tensor2D, w: Tensor2D, targets: Tensor1D, softcap?: number): { mean: Scalar; tokens: Tensor1D };

  // ---- not differentiable; each returns new tensors
  /**
   * `attention` for some queries only: row i of q [n, heads*headDim] is the one at `places[i]` = b * T + t, and of the result [n, heads*headDim]
   * its answer; k and v are whole. Places are distinct; runs of them are the fastest.
   */
  attentionAt(
    places: Int32Array,
    q: Tensor2D,
    k: Tensor2D,
    v: Tensor2D,
    shape: AttentionShape,
    positions: AttentionPositions,
  ): Tensor2D;
  /** u of `shape` under `key`. */
  noise(shape: number[], key: NoiseKey, law: Distribution): Tensor;
  /** w + scale * u(key) in one pass. */
  perturb<T extends Tensor>(w: T, scale: number, key: NoiseKey, law: Distribution): T;
  /** a + scale * b. */
  addScaled<T extends Tensor>(a: T, b: T, scale: number): T;
  /** Decoupled AdamW of one tensor -> new weight and moments. */
  adamw<T extends Tensor>(w: T, g: T, m: T, v: T, s: AdamWSettings): { w: T; m: T; v: T };
  /** Sum over a list of pairs of <a_i, b_i>, in float64 where the engine can. */
  dot(pairs: readonly (readonly [Tensor, Tensor])[]): Promise<number>;
}

/** What an engine is, in plain words and as data. */
export interface EngineDescription {
  name: string;
  /** e.g. `wasm: TF.js 4.22.0, SIMD, 1 thread, fused kernels (relaxed SIMD)`. */
  summary: string;
  threads: number;
  /** Why this engine was picked. */
  reason: string;
  /** What was tried and did not serve, with the reason. */
  rejected: { name: string; reason: string }[];
  /** What would be faster on this machine, if anything. */
  faster: string[];
  toString(): string;
}

/** A tensor engine: a TF.js backend and the operations beyond it. */
export interface Engine {
  readonly name: Exclude<EngineName, 'auto'>;
  readonly ops: Ops;
  /** Makes this engine the current TF.js backend; cheap when it already is. Public calls of hi-zfo do it themselves. */
  activate(): Promise<void>;
  describe(): EngineDescription;
  /** Live tensors and bytes they hold, as counted by TF.js, and the engine's own heap in bytes where it has one. */
  memory(): { tensors: number; bytes: number; heapBytes: number };
}
