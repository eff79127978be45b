import type { Tensor1D } from '@tensorflow/tfjs';
import type { AttentionPositions, RotaryTable } from '../engine.ts';

/** The rotary table, where positions are rotary. */
export function rotaryOf(positions: AttentionPositions): RotaryTable | undefined {
  return positions && 'cos' in positions ? positions : undefined;
}

/** ALiBi's slopes [heads], where positions are ALiBi. */
export function slopesOf(positions: AttentionPositions): Tensor1D | undefined {
  return positions && 'slopes' in positions ? positions.slopes : undefined;
}
