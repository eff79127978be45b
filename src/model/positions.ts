import type { Tensor1D } from '@tensorflow/tfjs';
import type { AttentionPositions } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import { alibiSlopes } from './alibi.ts';
import type { LlamaConfig } from './config.ts';
import { rotaryAngles } from './rotary.ts';

/** What attention needs for tokens at `positions`; the tensors belong to the caller. */
export function attentionPositions(
  { positions: kind, heads }: LlamaConfig,
  positions: readonly number[],
): AttentionPositions {
  if (kind.kind === 'alibi') return { slopes: tf.tensor1d(alibiSlopes(heads)) };
  if (kind.kind !== 'rotary') return undefined;
  const { cos, sin, shape } = rotaryAngles(kind, positions);
  return { cos: tf.tensor2d(cos, shape), sin: tf.tensor2d(sin, shape) };
}

/** Rows of the table of learned positions for tokens at `positions`, if there is one. */
export function learnedPlaces(
  { positions: kind }: LlamaConfig,
  positions: readonly number[],
): Tensor1D | undefined {
  if (kind.kind !== 'learned') return undefined;
  return tf.tensor1d(
    positions.map((t) => t + kind.offset),
    'int32',
  );
}
