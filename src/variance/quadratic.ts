import type { Tensor } from '@tensorflow/tfjs';
import type { Engine } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import { directionPart } from '../estimate/index.ts';
import { ParameterStore, type Parameter } from '../model/parameters.ts';
import type { Move, Objective } from './objective.ts';
import type { QuadraticFacts } from './quadratic-laws.ts';

/** Options of {@link quadratic}. */
export interface QuadraticOptions {
  /** Shapes of the tensors; defaults to one of [40]. */
  shapes?: readonly (readonly number[])[];
  /** h_i, the diagonal part of H; defaults to i -> 1. i counts over all tensors. */
  diagonal?: (i: number) => number;
  /** a_i of the rank-one part a a' of H; defaults to i -> 0. */
  vector?: (i: number) => number;
  /** g_i, the gradient at w; defaults to i -> 1. */
  gradient?: (i: number) => number;
  /** Loss at w; defaults to 1. */
  loss?: number;
  /** `float32` rounds every loss, as a model's is; defaults to `float64`. */
  precision?: 'float32' | 'float64';
}

/**
 * L(w + v) = L + g.v + v'Hv / 2 with H = diag(h) + a a': a loss of which everything is known, to try measurements and laws on.
 * Everything is computed in float64; w is 0.
 */
export function quadratic(
  engine: Engine,
  options: QuadraticOptions = {},
): Objective & { facts: QuadraticFacts; dispose: () => void } {
  const { shapes = [[40]], loss: constant = 1, precision = 'float64' } = options;
  const { diagonal = () => 1, vector = () => 0, gradient = () => 1 } = options;
  const store = new ParameterStore(
    shapes.map((shape, i) => ({
      name: `t${i}`,
      shape,
      size: shape.reduce((n, s) => n * s, 1),
      role: 'q',
      layer: i,
      tied: false,
    })),
  );
  for (const p of store.list) store.replace(p, tf.zeros([...p.shape]));
  const d = store.size;
  const all = (of: (i: number) => number) => Float64Array.from({ length: d }, (_, i) => of(i));
  const [h, a, g] = [all(diagonal), all(vector), all(gradient)];
  const sum = (of: (i: number) => number) => all(of).reduce((s, x) => s + x, 0);
  const a2 = sum((i) => a[i]! ** 2);

  const place = async (move?: Move): Promise<Float64Array> => {
    const v = new Float64Array(d);
    let at = 0;
    for (const p of move ? store.list : []) {
      const to = move!(p, store.get(p));
      v.set(await to.data(), at);
      to.dispose();
      at += p.size;
    }
    return v;
  };
  const value = (v: Float64Array): number => {
    const [av, gv] = [v.reduce((s, x, i) => s + a[i]! * x, 0), v.reduce((s, x, i) => s + g[i]! * x, 0)];
    const exact = constant + gv + (v.reduce((s, x, i) => s + h[i]! * x * x, 0) + av * av) / 2;
    return precision === 'float32' ? Math.fround(exact) : exact;
  };
  const lossAt = async (move?: Move) => value(await place(move));

  return {
    engine,
    parameters: store.list,
    facts: {
      d,
      loss: constant,
      gradient2: sum((i) => g[i]! ** 2),
      trace: sum((i) => h[i]!) + a2,
      frobenius2: sum((i) => h[i]! ** 2 + 2 * h[i]! * a[i]! ** 2) + a2 ** 2,
      diagonal2: sum((i) => (h[i]! + a[i]! ** 2) ** 2),
    },
    lossAt,
    /** At scale * u with scale in float64, where `lossAt` takes it as rounded to float32. */
    loss: async (u, scale) => {
      const v = await place((p) => directionPart(engine, u, p));
      return value(v.map((x) => scale * x));
    },
    gradient: async (move) => {
      const v = await place(move);
      const av = v.reduce((s, x, i) => s + a[i]! * x, 0);
      const gradients = new Map<Parameter, Tensor>();
      let at = 0;
      for (const p of store.list) {
        const first = at;
        const values = Float32Array.from({ length: p.size }, (_, j) => {
          const i = first + j;
          return g[i]! + h[i]! * v[i]! + a[i]! * av;
        });
        gradients.set(p, tf.tensor(values, [...p.shape]));
        at += p.size;
      }
      return { loss: value(v), gradients };
    },
    weight: (p) => store.get(p),
    dispose: () => store.dispose(),
  };
}
