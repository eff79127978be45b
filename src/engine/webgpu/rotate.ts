import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import type { RotaryTable } from '../engine.ts';
import { GROUP, runProgram } from './program.ts';

/** What `rotate` turns: rows of heads of headDim each, at the positions of sequences of `length`. */
export interface Turn {
  table: RotaryTable;
  length: number;
  headDim: number;
  /** The place b * length + t of every row of q, where it is not simply its row. */
  places?: Tensor1D;
  /** -1 for the gradient. */
  way: 1 | -1;
}

/** Rotary positions of q and k in one program, half-split form: (a, b) -> (a cos - b sin, b cos + a sin). */
export function rotate(
  q: Tensor,
  k: Tensor,
  { table, length, headDim, places, way }: Turn,
): { q: Tensor2D; k: Tensor2D } {
  const { TURNEDQ, TURNEDK } = runProgram({
    key: `rotate${places ? ' at places' : ''}`,
    inputs: { Q: q, K: k, COS: table.cos, SIN: table.sin, ...(places && { PLACES: places }) },
    outputs: { TURNEDQ: q.shape, TURNEDK: k.shape },
    uniforms: {
      i32: { length, headDim, half: table.cos.shape[1], sizeQ: q.size, widthQ: q.shape[1]!, sizeK: k.size, widthK: k.shape[1]! }, // prettier-ignore
      f32: { way },
    },
    groups: Math.ceil((q.size + k.size) / GROUP),
    code: () => `
      fn main(group: i32, thread: i32) {
        let element = group * GROUP + thread;
        if (element < uniforms.sizeQ) {
          let i = element;
          let row = i / uniforms.widthQ;
          ${turn('Q', places ? 'PLACES[row]' : 'row')}
        } else if (element < uniforms.sizeQ + uniforms.sizeK) {
          let i = element - uniforms.sizeQ;
          let row = i / uniforms.widthK;
          ${turn('K', 'row')}
        }
      }`,
  });
  return { q: TURNEDQ as Tensor2D, k: TURNEDK as Tensor2D };
}

const turn = (x: string, place: string): string => `
          let column = i % uniforms.headDim;
          var y = ${x}[i];
          if (column < 2 * uniforms.half) {
            let first = column < uniforms.half;
            let other = ${x}[select(i - uniforms.half, i + uniforms.half, first)];
            let angle = (${place} % uniforms.length) * uniforms.half + column % uniforms.half;
            y = y * COS[angle] + select(other, -other, first) * uniforms.way * SIN[angle];
          }
          TURNED${x}[i] = y;`;
