import type { Tensor1D } from '@tensorflow/tfjs';
import type { AttentionPositions } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import { alibiSlopes } from './alibi.ts';
import type { DecoderConfig } from './config.ts';
import { rotaryAngles } from './rotary.ts';

/**
 * What attention needs for texts of `length` after the prefix, whose keys do not turn: a cache holds them turned already. The
 * tensors belong to the caller.
 */
export function attentionPositions(
  { positions, heads, prefix }: DecoderConfig,
  length: number,
): AttentionPositions {
  if (positions.kind === 'alibi') return { slopes: tf.tensor1d(alibiSlopes(heads)) };
  if (positions.kind !== 'rotary') return undefined;
  const order = Array.from({ length }, (_, t) => prefix + t);
  const { cos, sin, shape } = rotaryAngles(positions, order, prefix + length);
  const width = shape[1];
  const table = (still: number, turned: Float32Array) => {
    const all = new Float32Array((prefix + length) * width).fill(still);
    all.set(turned, prefix * width);
    return tf.tensor2d(all, [prefix + length, width]);
  };
  return tf.tidy(() => ({ cos: table(1, cos), sin: table(0, sin) })); // both or none
}

/** Rows of the table of learned positions for tokens at `positions` of the text, if there is one. */
export function learnedPlaces(
  { positions: kind, prefix }: DecoderConfig,
  positions: readonly number[],
): Tensor1D | undefined {
  if (kind.kind !== 'learned') return undefined;
  return tf.tensor1d(
    positions.map((t) => prefix + t + kind.offset),
    'int32',
  );
}
