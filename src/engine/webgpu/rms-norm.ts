import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { differentiable } from '../ops/differentiable.ts';
import { columnSums, rowsPerGroup } from './column-sums.ts';
import { runProgram } from './program.ts';
import { SUMS } from './wgsl-sums.ts';

/** See {@link Ops.rmsNorm}: a workgroup a row, and for the gradient a workgroup a few rows. */
export function rmsNorm(x: Tensor2D, gain: Tensor1D, eps: number): Tensor2D {
  return differentiable<Tensor2D, 'x' | 'gain'>(
    { x, gain },
    (save) => {
      save([x, gain]);
      return forward(x, gain, eps);
    },
    (dy, saved) => {
      const { DX, DGAIN } = backward(saved as [Tensor, Tensor], dy, eps);
      return { x: () => DX, gain: () => columnSums(DGAIN) };
    },
  );
}

function forward(x: Tensor2D, gain: Tensor1D, eps: number): Tensor2D {
  const [rows, d] = x.shape;
  return runProgram({
    key: 'rms norm',
    inputs: { X: x, GAIN: gain },
    outputs: { Y: [rows, d] },
    uniforms: { i32: { rows, d }, f32: { eps } },
    groups: rows,
    code: () => `
      ${SUMS}
      fn main(group: i32, thread: i32) {
        if (group >= uniforms.rows) { return; }
        let first = group * uniforms.d;
        var squares = 0.0;
        for (var j = thread; j < uniforms.d; j += GROUP) { squares += X[first + j] * X[first + j]; }
        let s = inverseSqrt(sums(thread, vec2(squares, 0.0)).x / f32(uniforms.d) + uniforms.eps);
        for (var j = thread; j < uniforms.d; j += GROUP) { Y[first + j] = X[first + j] * s * GAIN[j]; }
      }`,
  }).Y as Tensor2D;
}

/** Gradient of x, and that of the gain in parts [groups, d]. */
function backward([x, gain]: [Tensor, Tensor], dy: Tensor, eps: number): Record<'DX' | 'DGAIN', Tensor> {
  const [rows, d] = x.shape as [number, number];
  const run = rowsPerGroup(rows);
  const groups = Math.ceil(rows / run);
  return runProgram({
    key: 'rms norm gradient',
    inputs: { X: x, GAIN: gain, DY: dy },
    outputs: { DX: [rows, d], DGAIN: [groups, d] },
    uniforms: { i32: { rows, d, run }, f32: { eps } },
    groups,
    code: () => `
      ${SUMS}
      fn main(group: i32, thread: i32) {
        let d = uniforms.d;
        let begin = group * uniforms.run;
        if (begin >= uniforms.rows) { return; }
        for (var j = thread; j < d; j += GROUP) { DGAIN[group * d + j] = 0.0; }
        for (var row = begin; row < min(begin + uniforms.run, uniforms.rows); row++) {
          let first = row * d;
          var both = vec2<f32>(0.0); // x^2, and dy gain x
          for (var j = thread; j < d; j += GROUP) {
            let x = X[first + j];
            both += x * vec2(x, DY[first + j] * GAIN[j]);
          }
          let means = sums(thread, both) / f32(d);
          let s = inverseSqrt(means.x + uniforms.eps);
          let along = means.y * s * s;
          for (var j = thread; j < d; j += GROUP) {
            let x = X[first + j];
            let e = DY[first + j];
            DX[first + j] = s * (e * GAIN[j] - x * along);
            DGAIN[group * d + j] += e * x * s;
          }
        }
      }`,
  });
}
