import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { type Activation, type AttentionShape, type Ops, tf } from '../../src/engine/index.ts';
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

function layerNorm(n: number, d: number): Case {
  return {
    name: `layerNorm ${n} x ${d}`,
    shapes: [[n, d], [d], [d]],
    run: (ops, [x, gain, bias]) => ops.layerNorm(x as Tensor2D, gain as Tensor1D, bias as Tensor1D, 1e-5),
    reference: ([x, gain, bias]) =>
      x!.map((value, i) => {
        const row = x!.subarray(Math.floor(i / d) * d, (Math.floor(i / d) + 1) * d);
        const mean = row.reduce((sum, y) => sum + y, 0) / d;
        const variance = row.reduce((sum, y) => sum + (y - mean) ** 2, 0) / d;
        return ((value - mean) / Math.sqrt(variance + 1e-5)) * gain![i % d]! + bias![i % d]!;
      }),
  };
}

function linear(n: number, inputs: number, outputs: number, bias: boolean, inOut = false): Case {
  return {
    name: `linear ${n} x ${inputs} -> ${outputs}${bias ? ' with bias' : ''}${inOut ? ', stored [in, out]' : ''}`,
    shapes: [[n, inputs], inOut ? [inputs, outputs] : [outputs, inputs], ...(bias ? [[outputs]] : [])],
    run: (ops, [x, w, b]) => ops.linear(x as Tensor2D, w as Tensor2D, b as Tensor1D | undefined, inOut),
    reference: ([x, w, b]) =>
      Float64Array.from({ length: n * outputs }, (_, i) => {
        const [row, column] = [Math.floor(i / outputs), i % outputs];
        let sum = b ? b[column]! : 0;
        const at = (k: number) => (inOut ? k * outputs + column : column * inputs + k);
        for (let k = 0; k < inputs; k++) sum += x![row * inputs + k]! * w![at(k)]!;
        return sum;
      }),
  };
}

/** Pieces of columns, each scaled by a number of its own; the middle one is not used. */
function split(n: number, widths: [number, number, number]): Case {
  const width = widths.reduce((sum, w) => sum + w, 0);
  const first = widths[0] + widths[1];
  return {
    name: `split ${n} x ${widths.join(' + ')}`,
    shapes: [[n, width]],
    run: (ops, [x]) => {
      const [a, , c] = ops.split(x as Tensor2D, widths);
      return tf.concat([tf.mul(a!, 2), tf.mul(c!, 3)], 1);
    },
    reference: ([x]) =>
      Float64Array.from({ length: n * (widths[0] + widths[2]) }, (_, i) => {
        const [row, j] = [Math.floor(i / (widths[0] + widths[2])), i % (widths[0] + widths[2])];
        return j < widths[0] ? 2 * x![row * width + j]! : 3 * x![row * width + first + j - widths[0]]!;
      }),
  };
}

/** The error function by its power series, far from 0 by the continued fraction of its complement. */
function erf(x: number): number {
  if (Math.abs(x) > 2) {
    let fraction = Math.abs(x);
    for (let n = 100; n > 0; n--) fraction = Math.abs(x) + n / 2 / fraction;
    return Math.sign(x) * (1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction));
  }
  let [term, sum] = [x, x];
  for (let n = 1; n < 100; n++) sum += (term *= (-x * x) / n) / (2 * n + 1);
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const activationValues: Record<Activation, (x: number) => number> = {
  silu: (x) => x / (1 + Math.exp(-x)),
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  'gelu-tanh': (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  relu: (x) => Math.max(0, x),
};
export const activations = Object.keys(activationValues) as Activation[];

function elementwise(n: number, d: number): Case[] {
  const shape = [n, d];
  return [
    {
      name: `add ${n} x ${d}`,
      shapes: [shape, shape],
      run: (ops, [a, b]) => ops.add(a as Tensor2D, b as Tensor2D),
      reference: ([a, b]) => a!.map((x, i) => x + b![i]!),
    },
    ...activations.flatMap((name): Case[] => [
      {
        name: `activate ${n} x ${d}, ${name}`,
        shapes: [shape],
        // Wide enough for both ends of the function.
        run: (ops, [x]) => ops.activate(tf.mul(x as Tensor2D, 3), name),
        reference: ([x]) => x!.map((value) => activationValues[name](3 * value)),
      },
      {
        name: `gated ${n} x ${d}, ${name}`,
        shapes: [shape, shape],
        run: (ops, [gate, up]) => ops.gated(gate as Tensor2D, up as Tensor2D, name),
        reference: ([gate, up]) => gate!.map((g, i) => activationValues[name](g) * up![i]!),
      },
    ]),
  ];
}

/** Angles of a rotary table [length, rotary / 2]. */
function angles(length: number, rotary: number): Float32Array {
  const half = rotary / 2;
  return Float32Array.from(
    { length: length * half },
    (_, i) => Math.floor(i / half) / 100 ** ((i % half) / half),
  );
}

/** What a case of attention knows of positions: the number of dimensions that turn, or ALiBi. */
interface Places {
  rotary?: number;
  alibi?: boolean;
}

function attention(shape: AttentionShape, { rotary = 0, alibi = false }: Places = {}): Case {
  const { batch, length, heads, kvHeads, headDim, scale, softcap, window = Infinity } = shape;
  const angle = angles(length, rotary);
  const half = rotary / 2;
  const slopes = Array.from({ length: heads }, (_, h) => 2 ** -(h + 1));
  const rotated = (x: Float64Array, stride: number) =>
    x.map((value, i) => {
      const [row, j] = [Math.floor(i / stride), (i % stride) % headDim];
      if (j >= rotary) return value;
      const a = angle[(row % length) * half + (j % half)]!;
      const [cos, sin] = [Math.fround(Math.cos(a)), Math.fround(Math.sin(a))];
      return j < half ? value * cos - x[i + half]! * sin : value * cos + x[i - half]! * sin;
    });
  const options = { rotary, alibi, scale, softcap, window: shape.window };
  const said = Object.entries(options).filter(([, value]) => value);
  return {
    name: `attention B ${batch} T ${length} heads ${heads}/${kvHeads} x ${headDim} ${said.flat().join(' ')}`,
    shapes: [heads, kvHeads, kvHeads].map((count) => [batch * length, count * headDim]),
    run: (ops, [q, k, v]) => {
      // on the host, as the model makes them: a card's own cos is rough
      const table = (f: (x: number) => number) => tf.tensor2d(angle.map(f), [length, half]);
      const turn = { cos: table(Math.cos), sin: table(Math.sin) };
      const positions = rotary ? turn : alibi ? { slopes: tf.tensor1d(slopes) } : undefined;
      return ops.attention(q as Tensor2D, k as Tensor2D, v as Tensor2D, shape, positions);
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
              if (s <= t - window) return 0;
              let score = 0;
              for (let j = 0; j < headDim; j++)
                score += queries[at + j]! * keys[(b * length + s) * widthK + column + j]!;
              score *= scale ?? 1 / Math.sqrt(headDim);
              if (softcap) score = softcap * Math.tanh(score / softcap);
              return Math.exp(score + (alibi ? slopes[h]! * (s - t) : 0));
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

function headLoss(n: number, d: number, vocabulary: number, softcap?: number): Case {
  const targets = Array.from({ length: n }, (_, i) => (i * 31 + 5) % vocabulary);
  return {
    name: `headLoss ${n} x ${d}, vocabulary ${vocabulary}${softcap ? `, softcap ${softcap}` : ''}`,
    shapes: [
      [n, d],
      [vocabulary, d],
    ],
    run: (ops, [h, w]) => ops.headLoss(h as Tensor2D, w as Tensor2D, int32(targets), softcap).mean,
    reference: (inputs) => {
      const losses = tokenLosses(inputs, targets, d, softcap);
      return Float64Array.of(losses.reduce((sum, loss) => sum + loss, 0) / n);
    },
  };
}

/** log-sum-exp minus the logit of the target, of each row. */
export function tokenLosses([h, w]: Values, targets: number[], d: number, softcap?: number): Float64Array {
  const vocabulary = w!.length / d;
  return Float64Array.from(targets, (target, row) => {
    const logits = Array.from({ length: vocabulary }, (_, id) => {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += h![row * d + k]! * w![id * d + k]!;
      return softcap ? softcap * Math.tanh(sum / softcap) : sum;
    });
    const top = Math.max(...logits);
    return Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0)) + top - logits[target]!;
  });
}

export const cases: Case[] = [
  embed(11, 8, [0, 3, 3, 10, 7, 3]),
  embed(67, 10, [0, 66, 5, 5, 0, 1, 66], 0),
  embed(
    9,
    3,
    Array.from({ length: 150 }, (_, i) => (i * i) % 8),
  ),
  rmsNorm(5, 24),
  rmsNorm(3, 10),
  rmsNorm(2, 3),
  layerNorm(5, 24),
  layerNorm(3, 10),
  layerNorm(2, 3),
  layerNorm(3, 70),
  linear(7, 24, 16, false),
  linear(5, 10, 67, true),
  linear(1, 3, 5, true),
  linear(300, 2, 3, true),
  linear(7, 24, 16, false, true),
  linear(5, 10, 67, true, true),
  split(5, [8, 3, 12]),
  ...elementwise(4, 32),
  ...elementwise(3, 13),
  attention({ batch: 2, length: 8, heads: 4, kvHeads: 4, headDim: 8 }, { rotary: 8 }),
  attention({ batch: 2, length: 5, heads: 4, kvHeads: 2, headDim: 6 }, { rotary: 6 }),
  attention({ batch: 1, length: 1, heads: 2, kvHeads: 1, headDim: 10 }, { rotary: 10 }),
  attention({ batch: 1, length: 71, heads: 3, kvHeads: 1, headDim: 10 }, { rotary: 10 }),
  attention({ batch: 2, length: 9, heads: 4, kvHeads: 2, headDim: 8 }, { rotary: 4 }),
  attention({ batch: 2, length: 7, heads: 3, kvHeads: 3, headDim: 6, scale: 0.3 }),
  attention({ batch: 2, length: 7, heads: 3, kvHeads: 3, headDim: 8 }, { alibi: true }),
  attention({ batch: 1, length: 41, heads: 4, kvHeads: 2, headDim: 6, window: 5 }, { alibi: true }),
  attention({ batch: 1, length: 70, heads: 2, kvHeads: 1, headDim: 6, window: 33 }, { rotary: 6 }),
  attention(
    { batch: 2, length: 37, heads: 4, kvHeads: 2, headDim: 8, softcap: 1.5, window: 6 },
    { rotary: 8 },
  ),
  attention({ batch: 1, length: 10, heads: 2, kvHeads: 1, headDim: 80 }, { rotary: 80 }),
  attention({ batch: 1, length: 3, heads: 1, kvHeads: 1, headDim: 200, softcap: 3 }),
  headLoss(6, 24, 64),
  headLoss(3, 10, 67),
  headLoss(1, 5, 3),
  headLoss(6, 10, 67, 2),
];

export const inputSizes = (c: Case): number[] => c.shapes.map(sizeOf);
