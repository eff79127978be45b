import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { differentiable } from '../ops/differentiable.ts';
import { bentLogits, headGradients } from '../ops/head-loss.ts';
import { tf } from '../tf.ts';
import { GROUP, runProgram } from './backend.ts';

/**
 * See {@link Ops.headLoss}. A card has no float64: the exp-sum of a row is taken in 64 parts and then as a tree, each part
 * with the rounding of every addition carried along (Neumaier), so that a vocabulary of 50,000 costs no digits.
 */
export function headLoss(
  h: Tensor2D,
  w: Tensor2D,
  targets: Tensor1D,
  softcap?: number,
): { mean: Scalar; tokens: Tensor1D } {
  const n = h.shape[0];
  const [mean, tokens] = differentiable<Tensor[], 'h' | 'w'>(
    { h, w },
    (save) => {
      const { logits, slope } = bentLogits(h, w, softcap);
      const losses = crossEntropies(logits, targets);
      const oneHot = tf.oneHot(targets, w.shape[0]) as Tensor2D;
      const dLogits = tf.div(tf.sub(tf.softmax(logits), oneHot), n);
      save([h, w, slope ? tf.mul(dLogits, slope) : dLogits]);
      return [tf.mean(losses), losses];
    },
    headGradients,
  );
  return { mean: mean as Scalar, tokens: tokens as Tensor1D };
}

/** log(sum_j exp(logit_j)) - logit_target of each row of logits [n, V] -> [n]; a workgroup a row. */
function crossEntropies(logits: Tensor2D, targets: Tensor1D): Tensor1D {
  const [rows, vocabulary] = logits.shape;
  const program = {
    variableNames: ['X', 'T'],
    outputShape: [rows],
    uniforms: 'vocabulary: i32,',
    shaderKey: 'hi-zfo cross-entropy',
    getUserCode: () => `
      var<workgroup> part: array<vec2<f32>, ${GROUP}>;

      // a + b with what rounding drops of it kept in y
      fn carried(a: vec2<f32>, b: f32) -> vec2<f32> {
        let sum = a.x + b;
        let lost = select((b - sum) + a.x, (a.x - sum) + b, abs(a.x) >= abs(b));
        return vec2<f32>(sum, a.y + lost);
      }

      fn main(index: i32) {
        let row = index / ${GROUP};
        let thread = i32(localId.x);
        let live = row < uniforms.size;
        let first = row * uniforms.vocabulary;
        var most = -3.4028234e38;
        var broken = false; // WGSL may take max() of a NaN to be anything
        if (live) {
          for (var k = thread; k < uniforms.vocabulary; k += ${GROUP}) {
            let x = X[first + k];
            broken = broken || isnan(x);
            most = max(most, x);
          }
        }
        part[thread] = vec2<f32>(most, f32(broken));
        workgroupBarrier();
        for (var half = ${GROUP / 2}; half > 0; half /= 2) {
          if (thread < half) { part[thread] = max(part[thread], part[thread + half]); }
          workgroupBarrier();
        }
        let top = part[0].x;
        let bad = part[0].y > 0.0;
        workgroupBarrier();
        var sum = vec2<f32>(0.0);
        if (live) {
          for (var k = thread; k < uniforms.vocabulary; k += ${GROUP}) { sum = carried(sum, exp(X[first + k] - top)); }
        }
        part[thread] = sum;
        workgroupBarrier();
        for (var half = ${GROUP / 2}; half > 0; half /= 2) {
          if (thread < half) {
            let other = part[thread + half];
            let both = carried(part[thread], other.x);
            part[thread] = vec2<f32>(both.x, both.y + other.y);
          }
          workgroupBarrier();
        }
        if (thread == 0 && live) {
          let total = part[0].x + part[0].y;
          result[row] = select(log(total) + (top - X[first + T[row]]), uniforms.NAN, bad);
        }
      }`,
  };
  const uniforms = [{ type: 'int32' as const, data: [vocabulary] }];
  return runProgram<Tensor1D>(program, [logits, targets], uniforms, { work: rows, perGroup: 1 });
}
