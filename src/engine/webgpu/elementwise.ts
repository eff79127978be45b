import type { Tensor } from '@tensorflow/tfjs';
import { GROUP, type Program, runProgram, sizeOf } from './program.ts';

/** A program of one thread an element: `body` writes element i of every output, all of one size. */
export function elementwise<Out extends string>(
  program: Omit<Program<Out>, 'code' | 'groups'>,
  body: string,
  functions = '',
): Record<Out, Tensor> {
  const size = sizeOf(Object.values<readonly number[]>(program.outputs)[0]!);
  return runProgram({
    ...program,
    uniforms: { ...program.uniforms, i32: { size, ...program.uniforms.i32 } },
    groups: Math.ceil(size / GROUP),
    code: () => `
      ${functions}
      fn main(group: i32, thread: i32) {
        let i = group * GROUP + thread;
        if (i >= uniforms.size) { return; }
        ${body}
      }`,
  });
}
