import type { Tensor } from '@tensorflow/tfjs';
import { checkKey, type Distribution, type NoiseKey } from '../../noise/index.ts';
import type { Ops } from '../engine.ts';
import { GROUP, runProgram, type Uniform } from './backend.ts';
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
  const size = shape.reduce((product, n) => product * n, 1);
  const value = from ? 'W[i] + uniforms.scale * u[lane]' : 'u[lane]';
  const program = {
    variableNames: from ? ['W'] : [],
    outputShape: [...shape],
    uniforms: 'seed: u32, step: u32, query: u32, tensor: u32, scale: f32,',
    shaderKey: `hi-zfo ${law} ${from ? 'onto' : 'alone'}`,
    getUserCode: () => `
      ${NORMAL}
      fn main(index: i32) {
        if (index * 4 >= uniforms.size) { return; }
        let u = ${law}(u32(index));
        for (var lane = 0; lane < 4; lane++) {
          let i = index * 4 + lane;
          if (i < uniforms.size) { result[i] = ${value}; }
        }
      }`,
  };
  const words: Uniform[] = [key.seed, key.step, key.query, key.tensor].map((word) => ({
    type: 'uint32',
    data: [word],
  }));
  const scale: Uniform = { type: 'float32', data: [from?.scale ?? 1] };
  return runProgram<T>(program, from ? [from.w] : [], [...words, scale], {
    work: Math.ceil(size / 4),
    perGroup: GROUP,
  });
}
