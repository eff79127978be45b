import type { Tensor } from '@tensorflow/tfjs';
import type { AttentionShape } from '../engine.ts';
import { runProgram } from './program.ts';
import { attentionCode, attentionUniforms, blockOf, fill, product, variant } from './wgsl-attention.ts';

/** What the forward pass kept; `lse` is followed by ALiBi's slopes if `alibi`, for a program has 8 tensors at most. */
interface Kept {
  q: Tensor;
  k: Tensor;
  v: Tensor;
  out: Tensor;
  lse: Tensor;
  alibi: boolean;
}

/** Gradients of the rotated q and k, and of v: the weights are made again from the log-sum-exp of their row. */
export function attentionBackward(
  kept: Kept,
  dy: Tensor,
  shape: AttentionShape,
): { dq: Tensor; dk: Tensor; dv: Tensor } {
  const { DQ, DELTA } = queryGradient(kept, dy, shape);
  const { DK, DV } = keyGradients(kept, dy, DELTA, shape);
  DELTA.dispose();
  return { dq: DQ, dk: DK, dv: DV };
}

const slope = (alibi: boolean) =>
  alibi ? 'LSE[uniforms.batch * uniforms.heads * uniforms.length + h]' : undefined;

/** A workgroup a block of queries of one head; DELTA [batch * heads * length] is <dy, out> of each. */
function queryGradient(
  { q, k, v, out, lse, alibi }: Kept,
  dy: Tensor,
  shape: AttentionShape,
): Record<'DQ' | 'DELTA', Tensor> {
  const { batch, length, heads, headDim } = shape;
  const groups = batch * Math.ceil(length / blockOf(headDim)) * heads;
  return runProgram({
    key: `attention, gradient of queries ${variant(shape, alibi)}`,
    inputs: { Q: q, K: k, V: v, O: out, DY: dy, LSE: lse },
    outputs: { DQ: q.shape, DELTA: [batch * heads * length] },
    uniforms: attentionUniforms(shape, groups),
    groups,
    code: () => `
      ${attentionCode(shape, slope(alibi))}
      var<workgroup> queries: array<f32, BLOCK * PITCH>;
      var<workgroup> upstream: array<f32, BLOCK * PITCH>;
      var<workgroup> changes: array<f32, BLOCK * LINE>; // gradients of products

      fn main(group: i32, thread: i32) {
        if (group >= uniforms.groups) { return; }
        let h = group % uniforms.heads;
        let kv = h / (uniforms.heads / uniforms.kvHeads);
        let blocks = (uniforms.length + BLOCK - 1) / BLOCK;
        let begin = group / uniforms.heads % blocks * BLOCK;
        let sequence = group / uniforms.heads / blocks;
        let first = sequence * uniforms.length;
        let last = uniforms.length - 1;

        let r = thread / LANES;
        let lane = thread % LANES;
        let i = begin + r;
        let row = (first + min(i, last)) * uniforms.heads + h;
        let stat = (sequence * uniforms.heads + h) * uniforms.length + min(i, last);
        ${fill('queries', 'Q', 'first + min(begin + n, last)', 'heads', 'h')}
        ${fill('upstream', 'DY', 'first + min(begin + n, last)', 'heads', 'h')}
        workgroupBarrier();
        var delta = 0.0;
        for (var d = 0; d < HEAD; d++) { delta += upstream[r * PITCH + d] * O[row * HEAD + d]; }
        let lse = LSE[stat];

        var dq: array<f32, OWN>;
        for (var keys = max(begin - uniforms.window + 1, 0) / BLOCK * BLOCK; keys < min(begin + BLOCK, uniforms.length); keys += BLOCK) {
          ${fill('tile', 'V', 'first + min(keys + n, last)', 'kvHeads', 'kv')}
          workgroupBarrier();
          var dp: array<f32, SCORES>;
          for (var m = 0; m < SCORES; m++) {
            let c = min(lane + m * LANES, BLOCK - 1);
            ${product('e', 'upstream', 'r', 'tile', 'c')}
            dp[m] = e;
          }
          workgroupBarrier();
          ${fill('tile', 'K', 'first + min(keys + n, last)', 'kvHeads', 'kv')}
          workgroupBarrier();
          for (var m = 0; m < SCORES; m++) {
            let c = min(lane + m * LANES, BLOCK - 1);
            ${product('s', 'queries', 'r', 'tile', 'c')}
            let both = score(s, h, i, keys + c);
            let p = exp(both.x - lse);
            changes[r * LINE + c] = select(0.0, p * (dp[m] - delta) * both.y, seen(i, keys + c));
          }
          workgroupBarrier();
          for (var c = 0; c < BLOCK; c++) {
            let g = changes[r * LINE + c];
            for (var n = 0; n < OWN; n++) { dq[n] += g * tile[c * PITCH + min(lane + n * LANES, HEAD)]; }
          }
          workgroupBarrier();
        }
        if (i > last) { return; }
        for (var n = 0; n < OWN; n++) {
          let d = lane + n * LANES;
          if (d < HEAD) { DQ[row * HEAD + d] = dq[n]; }
        }
        if (lane == 0) { DELTA[stat] = delta; }
      }`,
  });
}

/** A workgroup a block of keys of one key head: nothing is added up by two of them. */
function keyGradients(
  { q, k, v, lse, alibi }: Kept,
  dy: Tensor,
  delta: Tensor,
  shape: AttentionShape,
): Record<'DK' | 'DV', Tensor> {
  const { batch, length, kvHeads, headDim } = shape;
  const groups = batch * Math.ceil(length / blockOf(headDim)) * kvHeads;
  return runProgram({
    key: `attention, gradients of keys and values ${variant(shape, alibi)}`,
    inputs: { Q: q, K: k, V: v, DY: dy, LSE: lse, DELTA: delta },
    outputs: { DK: k.shape, DV: v.shape },
    uniforms: attentionUniforms(shape, groups),
    groups,
    code: () => `
      ${attentionCode(shape, slope(alibi))}
      var<workgroup> keys: array<f32, BLOCK * PITCH>;
      var<workgroup> values: array<f32, BLOCK * PITCH>;
      var<workgroup> weights: array<f32, BLOCK * LINE>;
      var<workgroup> changes: array<f32, BLOCK * LINE>; // gradients of products

      fn main(group: i32, thread: i32) {
        if (group >= uniforms.groups) { return; }
        let kv = group % uniforms.kvHeads;
        let blocks = (uniforms.length + BLOCK - 1) / BLOCK;
        let begin = group / uniforms.kvHeads % blocks * BLOCK;
        let sequence = group / uniforms.kvHeads / blocks;
        let first = sequence * uniforms.length;
        let last = uniforms.length - 1;

        let r = thread / LANES;
        let lane = thread % LANES;
        let j = begin + r;
        ${fill('keys', 'K', 'first + min(begin + n, last)', 'kvHeads', 'kv')}
        ${fill('values', 'V', 'first + min(begin + n, last)', 'kvHeads', 'kv')}
        var dk: array<f32, OWN>;
        var dv: array<f32, OWN>;
        let heads = uniforms.heads / uniforms.kvHeads;
        for (var h = kv * heads; h < (kv + 1) * heads; h++) {
          let stats = (sequence * uniforms.heads + h) * uniforms.length;
          for (var queries = begin; queries < min(begin + BLOCK + uniforms.window - 1, uniforms.length); queries += BLOCK) {
            ${fill('tile', 'Q', 'first + min(queries + n, last)', 'heads', 'h')}
            workgroupBarrier();
            var by: array<f32, SCORES>;
            for (var m = 0; m < SCORES; m++) {
              let c = min(lane + m * LANES, BLOCK - 1);
              let i = queries + c;
              ${product('s', 'keys', 'r', 'tile', 'c')}
              let both = score(s, h, i, j);
              let p = select(0.0, exp(both.x - LSE[stats + min(i, last)]), seen(i, j));
              weights[r * LINE + c] = p;
              by[m] = p * both.y;
            }
            workgroupBarrier();
            ${fill('tile', 'DY', 'first + min(queries + n, last)', 'heads', 'h')}
            workgroupBarrier();
            for (var m = 0; m < SCORES; m++) {
              let c = min(lane + m * LANES, BLOCK - 1);
              ${product('e', 'values', 'r', 'tile', 'c')}
              changes[r * LINE + c] = by[m] * (e - DELTA[stats + min(queries + c, last)]);
            }
            for (var c = 0; c < BLOCK; c++) {
              let w = weights[r * LINE + c];
              for (var n = 0; n < OWN; n++) { dv[n] += w * tile[c * PITCH + min(lane + n * LANES, HEAD)]; }
            }
            workgroupBarrier();
            ${fill('tile', 'Q', 'first + min(queries + n, last)', 'heads', 'h')}
            workgroupBarrier();
            for (var c = 0; c < BLOCK; c++) {
              let g = changes[r * LINE + c];
              for (var n = 0; n < OWN; n++) { dk[n] += g * tile[c * PITCH + min(lane + n * LANES, HEAD)]; }
            }
            workgroupBarrier();
          }
        }
        if (j > last) { return; }
        for (var n = 0; n < OWN; n++) {
          let d = lane + n * LANES;
          if (d < HEAD) {
            let at = ((first + j) * uniforms.kvHeads + kv) * HEAD + d;
            DK[at] = dk[n];
            DV[at] = dv[n];
          }
        }
      }`,
  });
}
