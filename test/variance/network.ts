import type { Tensor } from '@tensorflow/tfjs';
import { tf, type Engine } from '../../src/engine/index.ts';
import { directionPart } from '../../src/estimate/index.ts';
import { ParameterStore, type Parameter } from '../../src/model/index.ts';
import type { Move, Objective } from '../../src/variance/index.ts';

const [IN, HIDDEN] = [3, 5];
const D = IN * HIDDEN + HIDDEN;
const inputs = [[0.5, -1, 0.3], [1.2, 0.4, -0.7], [-0.6, 0.9, 1.1], [0.1, -0.2, 0.8]]; // prettier-ignore
const targets = [0.3, -0.8, 0.6, 1];

/** Loss and gradient of a network with one tanh layer, by hand in float64. */
export function network(w: Float64Array): { loss: number; gradient: Float64Array } {
  const gradient = new Float64Array(D);
  let loss = 0;
  inputs.forEach((x, n) => {
    const a = Array.from({ length: HIDDEN }, (_, j) =>
      Math.tanh(x.reduce((s, xi, i) => s + w[j * IN + i]! * xi, 0)),
    );
    const y = a.reduce((s, aj, j) => s + w[IN * HIDDEN + j]! * aj, 0);
    const e = (y - targets[n]!) / inputs.length;
    loss += (e * (y - targets[n]!)) / 2;
    a.forEach((aj, j) => {
      gradient[IN * HIDDEN + j]! += e * aj;
      const back = e * w[IN * HIDDEN + j]! * (1 - aj * aj);
      x.forEach((xi, i) => (gradient[j * IN + i]! += back * xi));
    });
  });
  return { loss, gradient };
}

/** Start weights of the network. */
export const start = Float64Array.from({ length: D }, (_, i) => Math.fround(0.7 * Math.sin(2 * i + 1)));

/** The Hessian at `w`, from differences of the float64 gradient: good to 1e-9. */
export function exactHessian(w: Float64Array): number[][] {
  const h = 1e-5;
  return Array.from(w, (_, i) => {
    const at = (s: number) => network(w.map((x, k) => (k === i ? x + s : x))).gradient;
    const [a, b] = [at(h), at(-h)];
    return Array.from(a, (x, k) => (x - b[k]!) / (2 * h));
  });
}

/** The network as an objective whose gradients are rounded to float32. */
export function networkObjective(engine: Engine): Objective & { dispose: () => void } {
  const info = (name: string, shape: number[], layer: number) => ({
    name,
    shape,
    size: shape.reduce((n, s) => n * s, 1),
    role: 'up' as const,
    layer,
    tied: false,
  });
  const store = new ParameterStore([info('hidden', [HIDDEN, IN], 0), info('out', [HIDDEN], 1)]);
  let at = 0;
  for (const p of store.list) {
    store.replace(p, tf.tensor(Float32Array.from(start.slice(at, at + p.size)), [...p.shape]));
    at += p.size;
  }
  const place = async (move: Move): Promise<Float64Array> => {
    const parts: number[] = [];
    for (const p of store.list) {
      const t = move(p, store.get(p));
      parts.push(...(await t.data()));
      t.dispose();
    }
    return Float64Array.from(parts);
  };
  const stay: Move = (_, w) => w.clone();
  return {
    engine,
    parameters: store.list,
    loss: async (u, scale) => {
      const v = await place((p) => directionPart(engine, u, p));
      return network(start.map((x, i) => x + scale * v[i]!)).loss;
    },
    lossAt: async (move = stay) => network(await place(move)).loss,
    gradient: async (move = stay) => {
      const { loss, gradient } = network(await place(move));
      const gradients = new Map<Parameter, Tensor>();
      let first = 0;
      for (const p of store.list) {
        gradients.set(p, tf.tensor(Float32Array.from(gradient.slice(first, first + p.size)), [...p.shape]));
        first += p.size;
      }
      return { loss, gradients };
    },
    weight: (p) => store.get(p),
    dispose: () => store.dispose(),
  };
}
