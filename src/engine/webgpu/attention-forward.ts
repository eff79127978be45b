import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import type { AttentionShape } from '../engine.ts';
import { runProgram } from './program.ts';
import { attentionCode, attentionUniforms, blockOf, fill, product, variant } from './wgsl-attention.ts';

interface Inputs {
  /** Rotated, as `k` is. */
  q: Tensor;
  k: Tensor;
  v: Tensor;
  /** ALiBi's, one a head. */
  slopes?: Tensor | undefined;
}

/**
 * Attention in one pass over the keys (Dao et al. 2022): a workgroup takes a block of queries of one head, and key block by key
 * block keeps the largest score so far, the sum of exponentials relative to it and their sum of values.
 * With `spans` [s, 3] the queries are not all of them but those: the row of q where each begins, the place b * length + t of
 * that, and how many follow, at most {@link blockOf}; else `lse` [batch * heads * length] can be had, the log-sum-exp of each row.
 */
export function attentionForward(
  { q, k, v, slopes }: Inputs,
  shape: AttentionShape,
  { spans, lse = false }: { spans?: Tensor2D; lse?: boolean },
): { out: Tensor2D; lse?: Tensor1D } {
  const { batch, length, heads, headDim } = shape;
  const blocks = spans ? spans.shape[0] : batch * Math.ceil(length / blockOf(headDim));
  const groups = blocks * heads;
  const outputs: Record<string, number[]> = { O: q.shape };
  if (lse) outputs.LSE = [batch * heads * length];
  const { O, LSE } = runProgram({
    key: `attention ${variant(shape, slopes !== undefined)}${spans ? ', spans' : ''}${lse ? ', log-sum-exp' : ''}`,
    inputs: { Q: q, K: k, V: v, ...(slopes && { SLOPES: slopes }), ...(spans && { SPANS: spans }) },
    outputs: outputs,
    uniforms: attentionUniforms(shape, groups),
    groups,
    code: () => `
      ${attentionCode(shape, slopes && 'SLOPES[h]')}
      var<workgroup> queries: array<f32, BLOCK * PITCH>;
      var<workgroup> scores: array<f32, BLOCK * LINE>;
      var<workgroup> weights: array<f32, BLOCK * LINE>;
      var<workgroup> shared_span: vec3<i32>;

      fn main(group: i32, thread: i32) {
        if (group >= uniforms.groups) { return; }
        let h = group % uniforms.heads;
        let kv = h / (uniforms.heads / uniforms.kvHeads);
        ${spans ? SPAN : BLOCK_SPAN}
        let rows = span.x;
        let sequence = span.y / uniforms.length;
        let begin = span.y % uniforms.length;
        let count = span.z;

        let r = thread / LANES;
        let lane = thread % LANES;
        let i = begin + r;
        ${fill('queries', 'Q', 'rows + min(n, count - 1)', 'heads', 'h')}
        var o: array<f32, OWN>;
        var most = LOWEST;
        var sum = 0.0;
        for (var keys = max(begin - uniforms.window + 1, 0) / BLOCK * BLOCK; keys < begin + count; keys += BLOCK) {
          ${fill('tile', 'K', 'sequence * uniforms.length + min(keys + n, uniforms.length - 1)', 'kvHeads', 'kv')}
          workgroupBarrier();
          for (var c = lane; c < BLOCK; c += LANES) {
            ${product('s', 'queries', 'r', 'tile', 'c')}
            scores[r * LINE + c] = select(LOWEST, score(s, h, i, keys + c).x, seen(i, keys + c));
          }
          workgroupBarrier();
          ${fill('tile', 'V', 'sequence * uniforms.length + min(keys + n, uniforms.length - 1)', 'kvHeads', 'kv')}
          var top = most;
          for (var c = 0; c < BLOCK; c++) { top = max(top, scores[r * LINE + c]); }
          for (var c = lane; c < BLOCK; c += LANES) {
            weights[r * LINE + c] = select(0.0, exp(scores[r * LINE + c] - top), seen(i, keys + c));
          }
          workgroupBarrier();
          let shrink = exp(most - top);
          most = top;
          sum *= shrink;
          for (var n = 0; n < OWN; n++) { o[n] *= shrink; }
          for (var c = 0; c < BLOCK; c++) {
            let w = weights[r * LINE + c];
            sum += w;
            for (var n = 0; n < OWN; n++) { o[n] += w * tile[c * PITCH + min(lane + n * LANES, HEAD)]; }
          }
          workgroupBarrier();
        }
        if (r >= count) { return; }
        for (var n = 0; n < OWN; n++) {
          let d = lane + n * LANES;
          if (d < HEAD) { O[((rows + r) * uniforms.heads + h) * HEAD + d] = o[n] / sum; }
        }
        ${lse ? 'if (lane == 0) { LSE[(sequence * uniforms.heads + h) * uniforms.length + i] = most + log(sum); }' : ''}
      }`,
  });
  return lse ? { out: O as Tensor2D, lse: LSE as Tensor1D } : { out: O as Tensor2D };
}

/** Row, place and count of a block of the queries of all sequences. */
const BLOCK_SPAN = `
        let blocks = (uniforms.length + BLOCK - 1) / BLOCK;
        let within = group / uniforms.heads % blocks * BLOCK;
        let place = group / uniforms.heads / blocks * uniforms.length + within;
        let span = vec3(place, place, min(BLOCK, uniforms.length - within));`;

/** The same from the list; read so, all threads are known to have one value, and may wait for one another. */
const SPAN = `
        if (thread == 0) {
          let at = group / uniforms.heads * 3;
          shared_span = vec3(SPANS[at], SPANS[at + 1], SPANS[at + 2]);
        }
        let span = workgroupUniformLoad(&shared_span);`;
