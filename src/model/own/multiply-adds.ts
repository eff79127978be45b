import type { Tensor } from '@tensorflow/tfjs';
import { tf } from '../../engine/tf.ts';

/** What a kernel was run on, in the order of its inputs, and what it gave. */
interface KernelRun {
  name: string;
  inputs: (readonly number[])[];
  out: readonly number[];
}

/** TF.js's engine, where every kernel of a forward or backward pass goes through. */
interface KernelEngine {
  runKernelFunc(call: {
    kernelName?: string;
    inputs: Record<string, Tensor | null | undefined>;
  }): Tensor | Tensor[];
}

const size = (shape: readonly number[]) => shape.reduce((n, d) => n * d, 1);

/** [.., m, k] by [.., k, n], either transposed: the three matrices have (m k n)^2 places in all. */
function product({ inputs: [a, b], out }: KernelRun): number {
  const places = [a!, b!, out].reduce((n, shape) => n * size(shape.slice(-2)), 1);
  return size(out.slice(0, -2)) * Math.sqrt(places);
}

/** One filter position a value of `side`, times the channels that the filter reads. */
const convolution = (side: readonly number[], filter: readonly number[]) =>
  (size(side) * size(filter)) / filter.at(-1)!;
/** Here every channel has filters of its own. */
const depthwise = (side: readonly number[], filter: readonly number[]) =>
  size(side) * filter[0]! * filter[1]!;

const counts: Record<string, (run: KernelRun) => number> = {
  BatchMatMul: product,
  _FusedMatMul: product,
  Conv2D: (r) => convolution(r.out, r.inputs[1]!),
  FusedConv2D: (r) => convolution(r.out, r.inputs[1]!),
  Conv2DBackpropInput: (r) => convolution(r.inputs[0]!, r.inputs[1]!),
  Conv2DBackpropFilter: (r) => convolution(r.inputs[1]!, r.out),
  DepthwiseConv2dNative: (r) => depthwise(r.out, r.inputs[1]!),
  FusedDepthwiseConv2D: (r) => depthwise(r.out, r.inputs[1]!),
  DepthwiseConv2dNativeBackpropInput: (r) => depthwise(r.inputs[0]!, r.inputs[1]!),
  DepthwiseConv2dNativeBackpropFilter: (r) => depthwise(r.inputs[1]!, r.out),
  Sum: (r) => size(r.inputs[0]!), // the gradient of a bias
};

/** Kernels that do the work of products in a way that is not counted here. */
const uncounted = /^(Einsum|I?R?FFT|Conv3D|Dilation2D|Sparse|Multinomial|LinearAlgebra)/;

/**
 * Counts multiply-accumulates while it runs, by the kernels that TF.js executes. As by GreenTrainer's rules products count in full, a
 * bias by the sum that is its gradient, and what goes over single values is free.
 */
export class MultiplyAddMeter {
  #total = 0;
  #products = 0;
  #unknown = false;

  /** So far. A tape timer takes it for its clock. */
  readonly read = (): number => this.#total;

  /** Whether the count tells what was executed: there were products, and none that cannot be counted. */
  get known(): boolean {
    return this.#products > 0 && !this.#unknown;
  }

  /** Counts what `work` executes. */
  during<T>(work: () => T): T {
    const engine = tf.engine() as unknown as KernelEngine;
    const run = engine.runKernelFunc.bind(engine);
    engine.runKernelFunc = (call) => {
      const result = run(call);
      const out = Array.isArray(result) ? result[0] : result;
      if (call.kernelName !== undefined && out) {
        const inputs = Object.values(call.inputs).flatMap((t) => (t ? [t.shape] : []));
        this.#count({ name: call.kernelName, inputs, out: out.shape });
      }
      return result;
    };
    try {
      return work();
    } finally {
      delete (engine as Partial<KernelEngine>).runKernelFunc; // the method of the class is there again
    }
  }

  #count(run: KernelRun): void {
    if (uncounted.test(run.name)) this.#unknown = true;
    const count = Object.hasOwn(counts, run.name) ? counts[run.name]! : undefined;
    if (!count) return;
    if (run.name !== 'Sum') this.#products++;
    this.#total += count(run);
  }
}
