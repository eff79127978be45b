import { expect } from 'vitest';
import { tf } from '../src/engine/index.ts';

/** Runs `f` and expects as many live tensors after it as before it. */
export async function noLeaks<T>(f: () => T | Promise<T>): Promise<T> {
  const before = tf.memory().numTensors;
  const result = await f();
  expect(tf.memory().numTensors, 'live tensors').toBe(before);
  return result;
}
