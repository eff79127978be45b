import type { Parameter } from '../model/parameters.ts';
import { ConfigError } from '../errors.ts';
import type { Objective } from './objective.ts';
import { jackknife, type Measured } from './statistics.ts';
import { dispose, type Vector } from './vectors.ts';

/** How much of a batch's gradient is noise. */
export interface BatchNoise {
  /** Batches of the same size behind the figures. */
  batches: number;
  /** |g|^2 of the whole data's gradient, free of bias; may come out negative when there is more noise than signal. */
  signal: Measured;
  /** tr(Sigma) / B, the variance of a batch's gradient. */
  noise: Measured;
  /** nu = tr(Sigma) / (B |g|^2); NaN where the signal is below two of its standard errors, so that a ratio means nothing. */
  ratio: Measured;
  /** Inner products of the batches' gradients, which the figures are made of. */
  products: number[][];
  /** The same by tensor. */
  tensors: { parameter: Parameter; signal: Measured; noise: Measured }[];
  /** Gradients taken: the price. */
  gradients: number;
}

/**
 * Mini-batch noise from the gradients on several batches, standard errors by the jackknife over batches. From inner products
 * alone: noise = mean |g_b|^2 - mean <g_b, g_c>, signal = mean <g_b, g_c> over b != c. Holds all gradients at once.
 * Price: one gradient a batch.
 * @param batches - one objective a batch, on the same weights and tensors
 */
export async function measureBatchNoise(batches: readonly Objective[]): Promise<BatchNoise> {
  const n = batches.length;
  if (n < 3) throw new ConfigError(`Noise between batches needs at least 3 of them; ${n} given.`);
  const { engine, parameters } = batches[0]!;
  if (batches.some((on) => parameters.some((p, i) => on.parameters[i] !== p)))
    throw new ConfigError('The batches move different tensors; make every objective with the same ones.');
  const gradients: Vector[] = [];
  try {
    for (const batch of batches) {
      gradients.push((await batch.gradient()).gradients);
      batch.release?.();
    }
    const tables: number[][][] = [];
    for (const p of parameters) {
      const table = gradients.map(() => new Array<number>(n).fill(0));
      for (let b = 0; b < n; b++) {
        for (let c = b; c < n; c++) {
          const x = await engine.ops.dot([[gradients[b]!.get(p)!, gradients[c]!.get(p)!]]);
          table[b]![c] = table[c]![b] = x;
        }
      }
      tables.push(table);
    }
    const whole = tables[0]!.map((row, b) => row.map((_, c) => tables.reduce((s, t) => s + t[b]![c]!, 0)));
    const [signal, noise] = [jackknife(n, signalOf(whole)), jackknife(n, noiseOf(whole))];
    return {
      batches: n,
      signal,
      noise,
      products: whole,
      ratio:
        signal.mean > 2 * signal.standardError
          ? jackknife(n, (list) => noiseOf(whole)(list) / signalOf(whole)(list))
          : { mean: NaN, standardError: NaN },
      tensors: parameters.map((parameter, k) => ({
        parameter,
        signal: jackknife(n, signalOf(tables[k]!)),
        noise: jackknife(n, noiseOf(tables[k]!)),
      })),
      gradients: n,
    };
  } finally {
    dispose(...gradients);
  }
}

type Table = readonly (readonly number[])[];

/** Mean inner product of the gradients of different batches. */
export const signalOf = (table: Table) => (list: readonly number[]) => {
  const n = list.length;
  const all = list.reduce((s, b) => s + list.reduce((t, c) => t + table[b]![c]!, 0), 0);
  return (all - list.reduce((s, b) => s + table[b]![b]!, 0)) / (n * (n - 1));
};

const noiseOf = (table: Table) => (list: readonly number[]) =>
  list.reduce((s, b) => s + table[b]![b]!, 0) / list.length - signalOf(table)(list);
