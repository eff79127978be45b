import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { differentiable, isTapeOn } from '../../ops/differentiable.ts';
import { tf } from '../../tf.ts';
import type { Workspace } from '../workspace.ts';

/** Logits are made for as many rows at a time as fit in this many bytes. */
const LOGITS_BYTES = 64 * 2 ** 20;
/** Rows of logits that one call of the cross-entropy takes. */
const ROWS = 32;

/** See {@link Ops.headLoss}. While no gradient is recorded, at most {@link LOGITS_BYTES} of logits live at a time. */
export function headLoss(
  space: Workspace,
  h: Tensor2D,
  w: Tensor2D,
  targets: Tensor1D,
  softcap?: number,
  logitsBytes = LOGITS_BYTES,
): { mean: Scalar; tokens: Tensor1D } {
  const head = new Head(space, h, w, softcap, Math.max(1, Math.floor(logitsBytes / (4 * w.shape[0]))));
  const recording = isTapeOn();
  const [mean, tokens] = differentiable<Tensor[], 'h' | 'w'>(
    { h, w },
    (save) => {
      const losses = space.empty<Tensor1D>([head.n]);
      const atTargets = space.atIds(targets, head.vocabulary, 'Targets');
      const whole = head.n <= head.rows;
      let sum = 0;
      let dh: Tensor | undefined;
      if (recording && !whole) dh = space.empty(h.shape);
      const dLogits = head.forEachChunk(h, w, (logits, first, rows) => {
        const at = { targets: atTargets + 4 * first, tokens: space.at(losses) + 4 * first };
        sum += head.crossEntropy(logits, at, rows, recording);
        if (dh) head.inputGradient(logits, w, dh, first, rows);
      });
      if (recording) save(whole ? [h, w, dLogits] : [h, w, targets, dh!]);
      return [tf.scalar(sum / head.n), losses];
    },
    (dy, saved) => head.gradients(dy, saved),
  );
  return { mean: mean as Scalar, tokens: tokens as Tensor1D };
}

/** The products of one head, chunk of rows by chunk. */
class Head {
  readonly n: number;
  readonly d: number;
  readonly vocabulary: number;

  constructor(
    private readonly space: Workspace,
    h: Tensor2D,
    w: Tensor2D,
    private readonly softcap: number | undefined,
    readonly rows: number,
  ) {
    [this.n, this.d] = h.shape;
    this.vocabulary = w.shape[0];
  }

  /** Makes the logits of each chunk in one buffer, which is returned as the last chunk left it. */
  forEachChunk(h: Tensor, w: Tensor, visit: (logits: number, first: number, rows: number) => void): Tensor {
    const { space, n, d, vocabulary } = this;
    const logits = space.empty([Math.min(this.rows, n), vocabulary]);
    const at = space.at(logits);
    for (let first = 0; first < n; first += this.rows) {
      const rows = Math.min(this.rows, n - first);
      space.gemm(
        { at: space.at(h) + 4 * first * d, stride: d },
        { at: space.at(w), stride: d, transposed: true },
        { at, stride: vocabulary },
        [rows, vocabulary, d],
      );
      visit(at, first, rows);
    }
    return logits;
  }

  /** Sum of the losses of a chunk of logits; with `gradient` the logits become their gradient. */
  crossEntropy(
    logits: number,
    at: { targets: number; tokens: number },
    rows: number,
    gradient: boolean,
  ): number {
    const { space, vocabulary, softcap } = this;
    const slopes = softcap && gradient ? space.empty([rows, vocabulary]) : undefined;
    if (softcap)
      space.kernels.softcapForward(logits, slopes ? space.at(slopes) : 0, rows * vocabulary, softcap);
    const scale = gradient ? 1 / this.n : 0;
    const sum = space.sum('crossEntropy', rows, ROWS, (first, n) => {
      const [row, place] = [logits + 4 * first * vocabulary, 4 * first];
      return [row, at.targets + place, at.tokens + place, n, vocabulary, scale];
    });
    if (slopes) {
      space.kernels.multiplyInto(logits, space.at(slopes), rows * vocabulary);
      slopes.dispose();
    }
    return sum;
  }

  inputGradient(dLogits: number, w: Tensor, dh: Tensor, first: number, rows: number): void {
    const { space, d, vocabulary } = this;
    space.gemm(
      { at: dLogits, stride: vocabulary },
      { at: space.at(w), stride: d },
      { at: space.at(dh) + 4 * first * d, stride: d },
      [rows, d, vocabulary],
    );
  }

  private weightGradient(dLogits: number, h: Tensor, dw: Tensor, first: number, rows: number): void {
    const { space, d, vocabulary } = this;
    space.gemm(
      { at: dLogits, stride: vocabulary, transposed: true },
      { at: space.at(h) + 4 * first * d, stride: d },
      { at: space.at(dw), stride: d, accumulate: first > 0 },
      [vocabulary, d, rows],
    );
  }

  /** From dLogits if they were kept whole; else dh was made on the way and dw makes the logits again. */
  gradients(dy: Tensor, saved: Tensor[]): { h: () => Tensor; w: () => Tensor } {
    const { space, n, d, vocabulary } = this;
    const upstream = dy.dataSync()[0]!;
    const scaled = (x: Tensor): Tensor => {
      if (upstream !== 1) space.kernels.scaleVector(space.at(x), space.at(x), x.size, upstream);
      return x;
    };
    const [h, w] = saved as [Tensor, Tensor];
    if (saved.length === 3) {
      const dLogits = space.at(saved[2]!);
      return {
        h: () => {
          const dh = space.empty([n, d]);
          this.inputGradient(dLogits, w, dh, 0, n);
          return scaled(dh);
        },
        w: () => {
          const dw = space.empty([vocabulary, d]);
          this.weightGradient(dLogits, h, dw, 0, n);
          return scaled(dw);
        },
      };
    }
    return {
      h: () => {
        const dh = space.empty([n, d]);
        space.kernels.scaleVector(space.at(saved[3]!), space.at(dh), n * d, upstream);
        return dh;
      },
      w: () => {
        const dw = space.empty([vocabulary, d]);
        const tokens = space.empty([n]);
        this.forEachChunk(h, w, (logits, first, rows) => {
          const at = { targets: space.at(saved[2]!) + 4 * first, tokens: space.at(tokens) };
          this.crossEntropy(logits, at, rows, true);
          this.weightGradient(logits, h, dw, first, rows);
        });
        return scaled(dw);
      },
    };
  }
}
