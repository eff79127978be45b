import type { Tensor, Tensor1D } from '@tensorflow/tfjs';
import { GROUP, runProgram, sizeOf } from './program.ts';

/** Rows that one thread adds up in the last stage. */
const ROWS = 256;

/** Sums of the columns of x [rows, d] -> [d]: a thread a column, many rows in two stages. */
export function columnSums(x: Tensor): Tensor1D {
  const [rows, d] = x.shape as [number, number];
  if (rows <= ROWS) return runSums(x, rows, [d]) as Tensor1D;
  const run = Math.ceil(Math.sqrt(rows));
  const runs = runSums(x, run, [Math.ceil(rows / run), d]);
  const whole = columnSums(runs);
  runs.dispose();
  return whole;
}

/** Rows that a workgroup of a gradient takes one after the other, so that {@link columnSums} of what they leave is one stage. */
export const rowsPerGroup = (rows: number): number => Math.max(4, Math.ceil(rows / ROWS));

/** Sums of every `run` rows after one another. */
function runSums(x: Tensor, run: number, shape: number[]): Tensor {
  const [rows, d] = x.shape as [number, number];
  const size = sizeOf(shape);
  return runProgram({
    key: 'column sums',
    inputs: { X: x },
    outputs: { Y: shape },
    uniforms: { i32: { size, rows, d, run } },
    groups: Math.ceil(size / GROUP),
    code: () => `
      fn main(group: i32, thread: i32) {
        let i = group * GROUP + thread;
        if (i >= uniforms.size) { return; }
        let first = i / uniforms.d * uniforms.run;
        var sum = 0.0;
        for (var row = first; row < min(first + uniforms.run, uniforms.rows); row++) {
          sum += X[row * uniforms.d + i % uniforms.d];
        }
        Y[i] = sum;
      }`,
  }).Y;
}
