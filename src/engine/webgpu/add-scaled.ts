import type { Tensor } from '@tensorflow/tfjs';
import { elementwise } from './elementwise.ts';

/** See {@link Ops.addScaled}: one pass. */
export function addScaled<T extends Tensor>(a: T, b: T, scale: number): T {
  const program = { key: 'add scaled', inputs: { A: a, B: b }, outputs: { Y: a.shape }, uniforms: { f32: { scale } } }; // prettier-ignore
  return elementwise(program, 'Y[i] = A[i] + uniforms.scale * B[i];').Y as T;
}
