import { FormatError } from '../errors.ts';
import type { Fields } from './fields.ts';

/** How rotary angles are scaled; kinds as `rope_type` in Hugging Face configs. */
export type RopeScaling =
  | { type: 'default' }
  | { type: 'linear'; factor: number }
  /** NTK-aware: the base grows with the sequence once it is longer than `originalLength`. */
  | { type: 'dynamic'; factor: number; originalLength: number }
  | {
      type: 'llama3';
      factor: number;
      lowFrequencyFactor: number;
      highFrequencyFactor: number;
      originalLength: number;
    }
  /** Peng et al. 2023. `low` and `high` bound the ramp between kept and divided frequencies, in pairs. */
  | { type: 'yarn'; factor: number; low: number; high: number; attentionFactor: number }
  /** Ding et al. 2024: a divisor a pair, one list up to `originalLength` and another beyond. */
  | { type: 'longrope'; short: number[]; long: number[]; originalLength: number; attentionFactor: number };

/** Query and key dimensions turn with the position, the first `dimensions` of each head. */
export interface RotaryPositions {
  kind: 'rotary';
  dimensions: number;
  theta: number;
  scaling: RopeScaling;
}

/** What a family has when its config.json says nothing. */
export interface RopeDefaults {
  theta?: number;
  /** Names of theta and of the share of each head that turns, in files before transformers 5. */
  thetaName?: string;
  partialName?: string;
  partial?: number;
  originalLength?: number;
}

/**
 * Rotary positions of a config.json. transformers 5 writes `rope_parameters`; 4 writes `rope_theta`, `rope_scaling` and
 * `partial_rotary_factor`. Formulas: transformers 5.23, modeling_rope_utils.py.
 */
export function rotaryPositions(
  field: Fields,
  headDim: number,
  maxPositions: number,
  defaults: RopeDefaults = {},
): RotaryPositions {
  const { thetaName = 'rope_theta', partialName = 'partial_rotary_factor' } = defaults;
  const rope = field.object(field.first(['rope_parameters', 'rope_scaling']) ?? 'rope_scaling');
  if (rope.has('full_attention') || rope.has('sliding_attention'))
    field.unsupported('rope_parameters', 'One setting for all layers is.');
  const theta = rope.positive('rope_theta', field.positive(thetaName, defaults.theta ?? 10_000));
  const share = rope.positive('partial_rotary_factor', field.positive(partialName, defaults.partial ?? 1));
  const dimensions = Math.floor(headDim * share);
  if (dimensions % 2 !== 0 || dimensions > headDim || dimensions < 2) {
    throw new FormatError(
      `${field.path}: ${dimensions} of the ${headDim} dimensions of a head are to turn; rotary positions need pairs.`,
    );
  }
  const originalLength = field.has('original_max_position_embeddings')
    ? field.count('original_max_position_embeddings')
    : (defaults.originalLength ?? rope.count('original_max_position_embeddings', maxPositions));
  const known: RopeKnown = { theta, dimensions, maxPositions, originalLength };
  return { kind: 'rotary', dimensions, theta, scaling: scalingOf(rope, known) };
}

interface RopeKnown {
  theta: number;
  dimensions: number;
  maxPositions: number;
  originalLength: number;
}

const kinds: Record<string, (rope: Fields, known: RopeKnown) => RopeScaling> = {
  default: () => ({ type: 'default' }),
  linear: (rope) => ({ type: 'linear', factor: rope.positive('factor') }),
  dynamic: (rope, { maxPositions }) => ({
    type: 'dynamic',
    factor: rope.positive('factor'),
    originalLength: maxPositions,
  }),
  llama3: (rope, { originalLength }) => ({
    type: 'llama3',
    factor: rope.positive('factor'),
    lowFrequencyFactor: rope.positive('low_freq_factor'),
    highFrequencyFactor: rope.positive('high_freq_factor'),
    originalLength,
  }),
  yarn,
  longrope,
};

function scalingOf(rope: Fields, known: RopeKnown): RopeScaling {
  const name = rope.has('rope_type') ? 'rope_type' : 'type';
  // Phi-3's first files call LongRoPE `su`.
  return rope.choice(name, { ...kinds, su: longrope }, 'default')(rope, known);
}

function yarn(rope: Fields, { theta, dimensions, maxPositions, originalLength }: RopeKnown): RopeScaling {
  const factor = rope.positive('factor', maxPositions / originalLength);
  const mscale = (by = 1) => (factor <= 1 ? 1 : 0.1 * by * Math.log(factor) + 1);
  const [scale, scaleAll] = [rope.optional('mscale'), rope.optional('mscale_all_dim')];
  const attentionFactor = scale && scaleAll ? mscale(scale) / mscale(scaleAll) : mscale();
  /** The pair that turns `turns` times within the original length. */
  const pair = (turns: number) =>
    (dimensions * Math.log(originalLength / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const [fast, slow] = [pair(rope.positive('beta_fast', 32)), pair(rope.positive('beta_slow', 1))];
  const whole = rope.flag('truncate', true);
  return {
    type: 'yarn',
    factor,
    low: Math.max(whole ? Math.floor(fast) : fast, 0),
    high: Math.min(whole ? Math.ceil(slow) : slow, dimensions - 1),
    attentionFactor: rope.positive('attention_factor', attentionFactor),
  };
}

function longrope(rope: Fields, { dimensions, maxPositions, originalLength }: RopeKnown): RopeScaling {
  const factor = rope.positive('factor', maxPositions / originalLength);
  const attentionFactor = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalLength));
  return {
    type: 'longrope',
    short: rope.list('short_factor', dimensions / 2),
    long: rope.list('long_factor', dimensions / 2),
    originalLength,
    attentionFactor: rope.positive('attention_factor', attentionFactor),
  };
}
