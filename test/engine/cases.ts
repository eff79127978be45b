import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { type AttentionShape, type Ops, tf } from '../../src/engine/index.ts';
import { sizeOf } from './engines.ts';

/** Values of the float inputs of a case, in the order of `shapes`. */
export type Values = Float64Array[];

/** A differentiable operation at one size, and what it is in float64. */
export interface Case {
  name: string;
  shapes: number[][];
  run: (ops: Ops, inputs: Tensor[]) => Tensor;
  reference: (inputs: Values) => Float64Array;
  /** True for elements of the first input that get no gradient by definition. */
  frozen?: (index: number) => boolean;
}

const int32 = (values: number[]) => tf.tensor1d(values, 'int32');

function embed(vocabulary: number, d: number, ids: number[], padding?: number): Case {
  return {
    name: `embed ${vocabulary} x ${d}, padding ${padding}`,
    shapes: [[vocabulary, d]],
    frozen: (index) => Math.floor(index / d) === padding,
    run: (ops, [w]) => ops.embed(w as Tensor2D, int32(ids), padding),
    reference: ([w]) =>
      Float64Array.from({ length: ids.length * d }, (_, i) => w![ids[Math.floor(i / d)]! * d + (i % d)]!),
  };
}

function rmsNorm(n: number, d: number): Case {
  return {
    name: `rmsNorm ${n} x ${d}`,
    shapes: [[n, d], [d]],
    run: (ops, [x, gain]) => ops.rmsNorm(x as Tensor2D, gain as Tensor1D, 1e-5),
    reference: ([x, gain]) =>
      x!.map((value, i) => {
        const row = x!.subarray(Math.floor(i / d) * d, (Math.floor(i / d) + 1) * d);
        const meanSquare = row.reduce((sum, y) => sum + y * y, 0) / d;
        return (value / Math.sqrt(meanSquare + 1e-5)) * gain![i % d]!;
      }),
  };
}

function linear(n: number, inputs: number, outputs: number, bias: boolean): Case {
  return {
    name: `linear ${n} x ${inputs} -> ${outputs}${bias ? ' with bias' : ''}`,
    shapes: [[n, inputs], [outputs, inputs], ...(bias ? [[outputs]] : [])],
    run: (ops, [x, w, b]) => ops.linear(x as Tensor2D, w as Tensor2D, b as Tensor1D | undefined),
    reference: ([x, w, b]) =>
      Float64Array.from({ length: n * outputs }, (_, i) => {
        const [row, column] = [Math.floor(i / outputs), i % outputs];
        let sum = b ? b[column]! : 0;
        for (let k = 0; k < inputs; k++) sum += x![row * inputs + k]! * w![column * inputs + k]!;
        return sum;
      }),
  };
}

function elementwise(n: number, d: number): Case[] {
  const shapes = [
    [n, d],
    [n, d],
  ];
  return [
    {
      name: `swiglu ${n} x ${d}`,
      shapes,
      run: (ops, [gate, up]) => ops.swiglu(gate as Tensor2D, up as Tensor2D),
      reference: ([gate, up]) => gate!.map((g, i) => (g / (1 + Math.exp(-g))) * up![i]!),
    },
    {
      name: `add ${n} x ${d}`,
      shapes,
      run: (ops, [a, b]) => ops.add(a as Tensor2D, b as Tensor2D),
      reference: ([a, b]) => a!.map((x, i) => x + b![i]!),
    },
  ];
}

/** Angles of a rotary table [length, headDim / 2]. */
function angles({ length, headDim }: AttentionShape): Float32Array {
  const half = headDim / 2;
  return Float32Array.from(
    { length: length * half },
    (_, i) => Math.floor(i / half) / 100 ** ((i % half) / half),
  );
}

function attention(shape: AttentionShape): Case {
  const { batch, length, heads, kvHeads, headDim } = shape;
  const angle = angles(shape);
  const half = headDim / 2;
  const rotated = (x: Float64Array, stride: number) =>
    x.map((value, i) => {
      const [row, j] = [Math.floor(i / stride), (i % stride) % headDim];
      const a = angle[(row % length) * half + (j % half)]!;
      const [cos, sin] = [Math.fround(Math.cos(a)), Math.fround(Math.sin(a))];
      return j < half ? value * cos - x[i + half]! * sin : value * cos + x[i - half]! * sin;
    });
  return {
    name: `attention B ${batch} T ${length} heads ${heads}/${kvHeads} x ${headDim}`,
    shapes: [heads, kvHeads, kvHeads].map((count) => [batch * length, count * headDim]),
    run: (ops, [q, k, v]) => {
      const table = tf.tensor2d(angle, [length, half]);
      return ops.attention(q as Tensor2D, k as Tensor2D, v as Tensor2D, shape, {
        cos: tf.cos(table),
        sin: tf.sin(table),
      });
    },
    reference: ([q, k, v]) => {
      const [widthQ, widthK] = [heads * headDim, kvHeads * headDim];
      const [queries, keys] = [rotated(q!, widthQ), rotated(k!, widthK)];
      const out = new Float64Array(q!.length);
      for (let b = 0; b < batch; b++)
        for (let h = 0; h < heads; h++)
          for (let t = 0; t < length; t++) {
            const column = Math.floor(h / (heads / kvHeads)) * headDim;
            const at = (b * length + t) * widthQ + h * headDim;
            const weights = Array.from({ length: t + 1 }, (_, s) => {
              let score = 0;
              for (let j = 0; j < headDim; j++)
                score += queries[at + j]! * keys[(b * length + s) * widthK + column + j]!;
              return Math.exp(score / Math.sqrt(headDim));
            });
            const sum = weights.reduce((total, w) => total + w, 0);
            weights.forEach((w, s) => {
              for (let j = 0; j < headDim; j++)
                out[at + j]! += (w / sum) * v![(b * length + s) * widthK + column + j]!;
            });
          }
      return out;
    },
  };
}

function headLoss(n: number, d: number, vocabulary: number): Case {
  const targets = Array.from({ length: n }, (_, i) => (i * 31 + 5) % vocabulary);
  return {
    name: `headLoss ${n} x ${d}, vocabulary ${vocabulary}`,
    shapes: [
      [n, d],
      [vocabulary, d],
    ],
    run: (ops, [h, w]) => ops.headLoss(h as Tensor2D, w as Tensor2D, int32(targets)).mean,
    reference: (inputs) => {
      const losses = tokenLosses(inputs, targets, d);
      return Float64Array.of(losses.reduce((sum, loss) => sum + loss, 0) / n);
    },
  };
}

/** log-sum-exp minus the logit of the target, of each row. */
export function tokenLosses([h, w]: Values, targets: number[], d: number): Float64Array {
  const vocabulary = w!.length / d;
  return Float64Array.from(targets, (target, row) => {
    const logits = Array.from({ length: vocabulary }, (_, id) => {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += h![row * d + k]! * w![id * d + k]!;
      return sum;
    });
    const top = Math.max(...logits);
    return Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0)) + top - logits[target]!;
  });
}

export const cases: Case[] = [
  embed(11, 8, [0, 3, 3, 10, 7, 3]),
  embed(67, 10, [0, 66, 5, 5, 0, 1, 66], 0),
  rmsNorm(5, 24),
  rmsNorm(3, 10),
  rmsNorm(2, 3),
  linear(7, 24, 16, false),
  linear(5, 10, 67, true),
  linear(1, 3, 5, true),
  ...elementwise(4, 32),
  ...elementwise(3, 13),
  attention({ batch: 2, length: 8, heads: 4, kvHeads: 4, headDim: 8 }),
  attention({ batch: 2, length: 5, heads: 4, kvHeads: 2, headDim: 6 }),
  attention({ batch: 1, length: 1, heads: 2, kvHeads: 1, headDim: 10 }),
  attention({ batch: 1, length: 71, heads: 3, kvHeads: 1, headDim: 10 }),
  headLoss(6, 24, 64),
  headLoss(3, 10, 67),
  headLoss(1, 5, 3),
];

export const inputSizes = (c: Case): number[] => c.shapes.map(sizeOf);
