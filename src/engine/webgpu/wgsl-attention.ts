import type { AttentionShape } from '../engine.ts';
import { GROUP, type Program } from './program.ts';
import { FUNCTIONS } from './wgsl-functions.ts';

/** Bytes of workgroup memory that every card has. */
const MEMORY = 16384;

/** Queries, and keys, that a workgroup takes at a time: three blocks of heads and two of scores fit its memory. */
export function blockOf(headDim: number): number {
  const bytes = (block: number) => 4 * (3 * block * (headDim + 1) + 2 * block * (block + 1));
  return [16, 8, 4, 2].find((block) => bytes(block) <= MEMORY) ?? 1;
}

export function attentionUniforms(shape: AttentionShape, groups: number): Program<string>['uniforms'] {
  const {
    length,
    heads,
    kvHeads,
    headDim,
    scale = 1 / Math.sqrt(headDim),
    softcap = 0,
    window = length,
  } = shape;
  return {
    i32: { groups, batch: shape.batch, length, heads, kvHeads, window: Math.min(window, length) },
    f32: { scale, cap: softcap },
  };
}

/**
 * What the programs of attention share. A workgroup has a block of rows (queries, or keys for their gradient); each row has LANES
 * threads, which share the columns of its scores and of its result. `slope` is ALiBi's of head h, if there is one.
 */
export function attentionCode({ headDim, softcap }: AttentionShape, slope: string | undefined): string {
  const block = blockOf(headDim);
  const lanes = GROUP / block;
  return `
    ${FUNCTIONS}
    const HEAD = ${headDim};
    const BLOCK = ${block};
    const LANES = ${lanes};
    const OWN = ${Math.ceil(headDim / lanes)}; // columns of a result that a thread has: lane, lane + LANES, ...
    const SCORES = ${Math.ceil(block / lanes)}; // columns of scores
    const PITCH = HEAD + 1; // of rows, so that threads side by side hit other banks of memory
    const LINE = BLOCK + 1; // of rows of scores
    const LOWEST = -1e30;

    var<workgroup> tile: array<f32, BLOCK * PITCH>;

    fn seen(i: i32, j: i32) -> bool { return j <= i && j > i - uniforms.window && i < uniforms.length; }

    // the score of query i and key j from their product, and its derivative by that
    fn score(product: f32, h: i32, i: i32, j: i32) -> vec2<f32> {
      var s = product * uniforms.scale;
      var by = uniforms.scale;
      ${softcap ? 'let t = tanhOf(s / uniforms.cap); s = uniforms.cap * t; by *= 1.0 - t * t;' : ''}
      ${slope ? `s += ${slope} * f32(j - i);` : ''}
      return vec2(s, by);
    }`;
}

/** Fills a block from rows of a tensor, each given by `row` for its number n in the block. */
export const fill = (to: string, from: string, row: string, heads: string, head: string): string => `
  for (var e = thread; e < BLOCK * HEAD; e += GROUP) {
    let n = e / HEAD;
    let d = e % HEAD;
    ${to}[n * PITCH + d] = ${from}[((${row}) * uniforms.${heads} + ${head}) * HEAD + d];
  }`;

/** Product of row `a` of one block and row `b` of another. */
export const product = (to: string, one: string, a: string, other: string, b: string): string => `
  var ${to} = 0.0;
  for (var d = 0; d < HEAD; d++) { ${to} += ${one}[${a} * PITCH + d] * ${other}[${b} * PITCH + d]; }`;

/** Name of the variant of a program. */
export const variant = ({ headDim, softcap }: AttentionShape, alibi: boolean): string =>
  `${headDim}${softcap ? ', capped' : ''}${alibi ? ', ALiBi' : ''}`;
