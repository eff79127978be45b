import type { Tensor } from '@tensorflow/tfjs';
import { checkKey, type Distribution, type NoiseKey } from '../../noise/index.ts';
import type { Ops } from '../engine.ts';
import { GROUP, runProgram, sizeOf } from './program.ts';
import { NORMAL } from './wgsl-normal.ts';

/** {@link Ops.noise} and {@link Ops.perturb}: drawn on the card, four values a thread, nothing is sent there. */
export const noiseOps: Pick<Ops, 'noise' | 'perturb'> = {
  noise: (shape, key, law) => draw(shape, key, law),
  perturb: <T extends Tensor>(w: T, scale: number, key: NoiseKey, law: Distribution): T =>
    draw(w.shape, key, law, { w, scale }),
};

function draw<T extends Tensor>(
  shape: readonly number[],
  key: NoiseKey,
  law: Distribution,
  from?: { w: Tensor; scale: number },
): T {
  checkKey(key);
  const size = sizeOf(shape);
  const { seed, step, query, tensor } = key;
  const value = from ? 'W[i] + uniforms.scale * u[lane]' : 'u[lane]';
  return runProgram({
    key: `${law} ${from ? 'onto' : 'alone'}`,
    inputs: from ? { W: from.w } : {},
    outputs: { Y: shape },
    uniforms: { i32: { size }, u32: { seed, step, query, tensor }, f32: { scale: from?.scale ?? 1 } },
    groups: Math.ceil(size / (4 * GROUP)),
    code: () => `
      ${NORMAL}
      fn main(group: i32, thread: i32) {
        let block = group * GROUP + thread;
        if (block * 4 >= uniforms.size) { return; }
        let u = ${law}(u32(block));
        for (var lane = 0; lane < 4; lane++) {
          let i = block * 4 + lane;
          if (i < uniforms.size) { Y[i] = ${value}; }
        }
      }`,
  }).Y as T;
}
