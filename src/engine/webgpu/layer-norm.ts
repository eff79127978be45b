import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { differentiable } from '../ops/differentiable.ts';
import { columnSums, rowsPerGroup } from './column-sums.ts';
import { runProgram } from './program.ts';
import { SUMS } from './wgsl-sums.ts';

/** See {@link Ops.layerNorm}: a workgroup a row, and for the gradient a workgroup a few rows. */
export function layerNorm(x: Tensor2D, gain: Tensor1D, bias: Tensor1D, eps: number): Tensor2D {
  return differentiable<Tensor2D, 'x' | 'gain' | 'bias'>(
    { x, gain, bias },
    (save) => {
      save([x, gain]);
      return forward(x, gain, bias, eps);
    },
    (dy, saved) => {
      const { DX, DGAIN, DBIAS } = backward(saved as [Tensor, Tensor], dy, eps);
      return { x: () => DX, gain: () => columnSums(DGAIN), bias: () => columnSums(DBIAS) };
    },
  );
}

/** Mean of a row of X, and 1 / its deviation. */
const MOMENTS = `
${SUMS}
fn momentsOf(thread: i32, first: i32) -> vec2<f32> {
  let d = f32(uniforms.d);
  var total = 0.0;
  for (var j = thread; j < uniforms.d; j += GROUP) { total += X[first + j]; }
  let mean = sums(thread, vec2(total, 0.0)).x / d;
  var squares = 0.0;
  for (var j = thread; j < uniforms.d; j += GROUP) {
    let c = X[first + j] - mean;
    squares += c * c;
  }
  return vec2(mean, inverseSqrt(sums(thread, vec2(squares, 0.0)).x / d + uniforms.eps));
}
`;

function forward(x: Tensor2D, gain: Tensor1D, bias: Tensor1D, eps: number): Tensor2D {
  const [rows, d] = x.shape;
  return runProgram({
    key: 'layer norm',
    inputs: { X: x, GAIN: gain, BIAS: bias },
    outputs: { Y: [rows, d] },
    uniforms: { i32: { rows, d }, f32: { eps } },
    groups: rows,
    code: () => `
      ${MOMENTS}
      fn main(group: i32, thread: i32) {
        if (group >= uniforms.rows) { return; }
        let first = group * uniforms.d;
        let m = momentsOf(thread, first);
        for (var j = thread; j < uniforms.d; j += GROUP) {
          Y[first + j] = (X[first + j] - m.x) * m.y * GAIN[j] + BIAS[j];
        }
      }`,
  }).Y as Tensor2D;
}

/** Gradient of x, and those of gain and bias in parts [groups, d]. */
function backward(
  [x, gain]: [Tensor, Tensor],
  dy: Tensor,
  eps: number,
): Record<'DX' | 'DGAIN' | 'DBIAS', Tensor> {
  const [rows, d] = x.shape as [number, number];
  const run = rowsPerGroup(rows);
  const groups = Math.ceil(rows / run);
  return runProgram({
    key: 'layer norm gradient',
    inputs: { X: x, GAIN: gain, DY: dy },
    outputs: { DX: [rows, d], DGAIN: [groups, d], DBIAS: [groups, d] },
    uniforms: { i32: { rows, d, run }, f32: { eps } },
    groups,
    code: () => `
      ${MOMENTS}
      fn main(group: i32, thread: i32) {
        let d = uniforms.d;
        let begin = group * uniforms.run;
        if (begin >= uniforms.rows) { return; }
        for (var j = thread; j < d; j += GROUP) {
          DGAIN[group * d + j] = 0.0;
          DBIAS[group * d + j] = 0.0;
        }
        for (var row = begin; row < min(begin + uniforms.run, uniforms.rows); row++) {
          let first = row * d;
          let m = momentsOf(thread, first);
          var both = vec2<f32>(0.0); // dy gain, and that times the normal form of x
          for (var j = thread; j < d; j += GROUP) {
            both += DY[first + j] * GAIN[j] * vec2(1.0, (X[first + j] - m.x) * m.y);
          }
          let means = sums(thread, both) / f32(d);
          for (var j = thread; j < d; j += GROUP) {
            let normal = (X[first + j] - m.x) * m.y;
            let e = DY[first + j];
            DX[first + j] = m.y * (e * GAIN[j] - means.x - normal * means.y);
            DGAIN[group * d + j] += e * normal;
            DBIAS[group * d + j] += e;
          }
        }
      }`,
  });
}
