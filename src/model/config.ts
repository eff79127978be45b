import type { Activation } from '../engine/engine.ts';
import type { RotaryPositions } from './rope.ts';
import type { Role } from './parameters.ts';

/** How a model knows where a token stands. */
export type Positions =
  | RotaryPositions
  /** A row of a table is added to the embedding: row position + `offset` of `rows`. */
  | { kind: 'learned'; rows: number; offset: number }
  /** Scores fall with the distance (Press et al. 2022). */
  | { kind: 'alibi' }
  | { kind: 'none' };

/** Module names as in the Hugging Face folder; `*` stands for the layer. A part without a name is not there, and the
 * head is not where it is the embedding. */
export type ModuleNames = Partial<Record<Role, string>>;

/**
 * A decoder by its parts: all that tells one family from another. Read from config.json by a family
 * (src/model/families); which parts there are follows from `names`.
 */
export interface DecoderConfig {
  /** model_type of the config.json. */
  modelType: string;
  vocabulary: number;
  hidden: number;
  layers: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  feedForward: number;
  /** Longest sequence of text: with a prefix, what that leaves. */
  maxPositions: number;
  /** Positions that a learned prefix takes before the text; 0 without one. */
  prefix: number;
  /** The embedding is the output head as well. */
  tied: boolean;
  /** Row of the embedding whose look-up gets no gradient (PyTorch's padding_idx), or undefined. */
  padding: number | undefined;

  /** Module names by role, without `.weight` and `.bias`. */
  names: ModuleNames;
  /** Roles that have a bias; those of layer norms always do. */
  biases: readonly Role[];
  /** Matrices of the layers are stored [in, out] (GPT-2's Conv1D). */
  inOut: boolean;
  /** Width of the embedding; differs from `hidden` where there are projections in and out. */
  embeddingWidth: number;
  /** The embedding is multiplied by it. */
  embeddingScale: number;
  positions: Positions;
  norm: { kind: 'rms' | 'layer'; epsilon: number; /** The gain is 1 + weight. */ plusOne: boolean };
  /** Where the norms stand: before attention and feed-forward, after their sum with the residual, or before both at once. */
  residual: 'pre' | 'post' | 'parallel';
  attention: {
    /** Scores of layer l are `scales[l]` times q k. */
    scales: readonly number[];
    /** Keys that layer l looks back to, itself included; undefined for all. */
    windows: readonly (number | undefined)[];
    softcap: number | undefined;
    /** A fused projection holds q, k and v head by head instead of one after the other. */
    byHead: boolean;
  };
  activation: Activation;
  /** Logits l become cap * tanh(l / cap). */
  logitSoftcap: number | undefined;
}
