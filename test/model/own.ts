import type { Tensor } from '@tensorflow/tfjs';
import { tf } from '../../src/engine/index.ts';
import { ownModel } from '../../src/model/index.ts';
import { fillNoise, tensorId } from '../../src/noise/index.ts';

/** Keyed normal numbers. */
export function normals(count: number, name: string, scale = 1): Float32Array {
  const out = new Float32Array(count);
  fillNoise(out, { seed: 9, step: 0, query: 0, tensor: tensorId(name) }, 'gaussian');
  return out.map((v) => scale * v);
}

export const shapes = { w1: [3, 4], b1: [4], w2: [4, 2], b2: [2] } as const;
export type Net = Record<keyof typeof shapes, Tensor>;
export const names = Object.keys(shapes) as (keyof typeof shapes)[];
export const ROWS = 6;

/** Weights of a net 3-4-2 as numbers. */
export const values = (): Record<keyof typeof shapes, Float32Array> =>
  Object.fromEntries(names.map((n) => [n, normals(tf.util.sizeFromShape([...shapes[n]]), n, 0.5)])) as never;

export const inputs = () => normals(ROWS * 3, 'x');
export const targets = () => normals(ROWS * 2, 'y');

/** The net's weights and data as tensors. */
export function tensors() {
  const v = values();
  return {
    weights: Object.fromEntries(names.map((n) => [n, tf.tensor(v[n], [...shapes[n]])])) as Net,
    x: tf.tensor2d(inputs(), [ROWS, 3]),
    y: tf.tensor2d(targets(), [ROWS, 2]),
  };
}

/** Squared error of a tanh net, one loss a row. */
export function netLoss(w: Net, { x, y }: { x: Tensor; y: Tensor }): Tensor {
  const h = x.matMul(w.w1).add(w.b1).tanh();
  return h.matMul(w.w2).add(w.b2).squaredDifference(y).sum(1);
}

export const net = (weights: Net) => ownModel({ weights, loss: netLoss });

/** The same loss in float64, by loops. */
export function loss64(w: Record<keyof typeof shapes, ArrayLike<number>>): number {
  const [x, y] = [inputs(), targets()];
  let sum = 0;
  for (let i = 0; i < ROWS; i++) {
    const h = [0, 1, 2, 3].map((j) =>
      Math.tanh([0, 1, 2].reduce((s, k) => s + x[3 * i + k]! * w.w1[4 * k + j]!, w.b1[j]!)),
    );
    for (let o = 0; o < 2; o++) {
      const out = h.reduce((s, a, j) => s + a * w.w2[2 * j + o]!, w.b2[o]!);
      sum += (out - y[2 * i + o]!) ** 2;
    }
  }
  return sum / ROWS;
}
