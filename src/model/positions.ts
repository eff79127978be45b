import type { Tensor1D } from '@tensorflow/tfjs';
import type { AttentionPositions } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import { alibiSlopes } from './alibi.ts';
import type { DecoderConfig } from './config.ts';
import { rotaryAngles } from './rotary.ts';

/** What attention needs for sequences of `length`; the tensors belong to the caller. */
export function attentionPositions({ positions, heads }: DecoderConfig, length: number): AttentionPositions {
  if (positions.kind === 'alibi') return { slopes: tf.tensor1d(alibiSlopes(heads)) };
  if (positions.kind !== 'rotary') return undefined;
  const order = Array.from({ length }, (_, t) => t);
  const { cos, sin, shape } = rotaryAngles(positions, order, length);
  return { cos: tf.tensor2d(cos, shape), sin: tf.tensor2d(sin, shape) };
}

/** Rows of the table of learned positions for tokens at `positions`, if there is one. */
export function learnedPlaces(
  { positions: kind }: DecoderConfig,
  positions: readonly number[],
): Tensor1D | undefined {
  if (kind.kind !== 'learned') return undefined;
  return tf.tensor1d(
    positions.map((t) => t + kind.offset),
    'int32',
  );
}
