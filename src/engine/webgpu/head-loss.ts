import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { differentiable, isTapeOn } from '../ops/differentiable.ts';
import { headGradients } from '../ops/head-loss.ts';
import { tf } from '../tf.ts';
import { GROUP, runProgram } from './program.ts';
import { FUNCTIONS } from './wgsl-functions.ts';

/** See {@link Ops.headLoss}: a program for the losses and, while a gradient is recorded, that of the logits. */
export function headLoss(
  h: Tensor2D,
  w: Tensor2D,
  targets: Tensor1D,
  softcap?: number,
): { mean: Scalar; tokens: Tensor1D } {
  const recording = isTapeOn();
  const [mean, tokens] = differentiable<Tensor[], 'h' | 'w'>(
    { h, w },
    (save) => {
      const logits: Tensor2D = tf.matMul(h, w, false, true);
      const { LOSSES, DX } = crossEntropies(logits, targets, softcap, recording);
      if (DX) save([h, w, DX]);
      return [tf.mean(LOSSES), LOSSES];
    },
    headGradients,
  );
  return { mean: mean as Scalar, tokens: tokens as Tensor1D };
}

/**
 * log(sum_j exp(logit_j)) - logit_target of each row of logits [n, V] -> [n], and the gradient of their mean; a workgroup a row.
 * A card has no float64: the exp-sum of a row is taken in 64 parts and then as a tree, each part with the rounding of every
 * addition carried along (Neumaier), so that a vocabulary of 50,000 costs no digits.
 */
function crossEntropies(
  logits: Tensor2D,
  targets: Tensor1D,
  softcap: number | undefined,
  gradient: boolean,
): { LOSSES: Tensor; DX?: Tensor } {
  const [rows, vocabulary] = logits.shape;
  const outputs: Record<'LOSSES', number[]> & { DX?: number[] } = { LOSSES: [rows] };
  if (gradient) outputs.DX = [rows, vocabulary];
  return runProgram({
    key: `cross-entropy${softcap ? ', capped' : ''}${gradient ? ' and gradient' : ''}`,
    inputs: { X: logits, T: targets },
    outputs: outputs as Record<'LOSSES' | 'DX', number[]>,
    uniforms: { i32: { rows, vocabulary }, f32: { cap: softcap ?? 0 } },
    groups: rows,
    code: () => `
      ${FUNCTIONS}
      var<workgroup> part: array<vec2<f32>, ${GROUP}>;

      fn logit(i: i32) -> f32 { return ${softcap ? 'uniforms.cap * tanhOf(X[i] / uniforms.cap)' : 'X[i]'}; }
      // the derivative of the cap where it gave x
      fn slope(x: f32) -> f32 { return ${softcap ? '1.0 - (x / uniforms.cap) * (x / uniforms.cap)' : '1.0'}; }

      // a + b with what rounding drops of it kept in y
      fn carried(a: vec2<f32>, b: f32) -> vec2<f32> {
        let sum = a.x + b;
        let lost = select((b - sum) + a.x, (a.x - sum) + b, abs(a.x) >= abs(b));
        return vec2<f32>(sum, a.y + lost);
      }

      fn main(row: i32, thread: i32) {
        if (row >= uniforms.rows) { return; }
        let first = row * uniforms.vocabulary;
        var most = -3.4028234e38;
        var broken = false;
        for (var k = thread; k < uniforms.vocabulary; k += GROUP) {
          let x = logit(first + k);
          broken = broken || isNaN(x);
          most = max(most, x);
        }
        part[thread] = vec2<f32>(most, f32(broken));
        workgroupBarrier();
        for (var half = GROUP / 2; half > 0; half /= 2) {
          if (thread < half) { part[thread] = max(part[thread], part[thread + half]); }
          workgroupBarrier();
        }
        let top = part[0].x;
        let bad = part[0].y > 0.0;
        workgroupBarrier();
        var sum = vec2<f32>(0.0);
        for (var k = thread; k < uniforms.vocabulary; k += GROUP) {
          sum = carried(sum, exp(logit(first + k) - top));
        }
        part[thread] = sum;
        workgroupBarrier();
        for (var half = GROUP / 2; half > 0; half /= 2) {
          if (thread < half) {
            let other = part[thread + half];
            let both = carried(part[thread], other.x);
            part[thread] = vec2<f32>(both.x, both.y + other.y);
          }
          workgroupBarrier();
        }
        let total = part[0].x + part[0].y;
        let place = first + T[row];
        if (thread == 0) { LOSSES[row] = select(log(total) + (top - logit(place)), uniforms.NAN, bad); }
        ${gradient ? GRADIENT : ''}
      }`,
  });
}

const GRADIENT = `
        for (var k = thread; k < uniforms.vocabulary; k += GROUP) {
          let x = logit(first + k);
          let p = exp(x - top) / total - f32(first + k == place);
          DX[first + k] = select(p * slope(x) / f32(uniforms.rows), uniforms.NAN, bad);
        }`;
