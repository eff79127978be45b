import type { DataType, Tensor, TensorInfo } from '@tensorflow/tfjs';
import { EngineError } from '../../errors.ts';
import { tf } from '../tf.ts';
import { pointer, type WasmBackend } from './heap.ts';
import type { Product } from './mlas/product.ts';
import { isShared, type Kernels, type NoiseKernels } from './modules.ts';
import { ranges, rangesOf, type Range } from './threads/ranges.ts';
import type { Threads } from './threads/threads.ts';

/** A kernel's work is split when it touches at least this many floats: below, waking a thread takes longer. */
const WORTH_SPLITTING = 16_384;
/** Likewise for products, in multiplications; and for leaving them to another product, which takes 30 microseconds a call. */
const PRODUCT_WORTH_SPLITTING = 500_000;

/** TF.js's heap and the threads over it. */
export interface Heap {
  backend: WasmBackend;
  /** Their sets of kernels: without FMA, and with it where this Node can. */
  pool: Threads;
}

/** How a {@link Workspace} runs its kernels. */
export interface WorkspaceOptions {
  /** Let the kernels use FMA where this Node has relaxed SIMD. */
  relaxed: boolean;
  /** Threads, this one included. */
  threads: number;
  /** A product that is faster than our own. */
  product?: Product | undefined;
}

/** A matrix of a product: where it begins, floats from row to row, and whether it is stored transposed. */
interface Operand {
  at: number;
  stride: number;
  transposed?: boolean;
}

/** Where a product goes, over what is there or added to it. */
interface Result {
  at: number;
  stride: number;
  accumulate?: boolean;
}

/** Arguments of a kernel for a part of its work. */
type PartOf = (first: number, count: number) => readonly number[];

/**
 * Our kernels on the heap of TF.js: they read and write the data of tensors in place of a copy, on several threads where
 * that pays. Results are the same to the bit for any number of threads. Pointers stay valid while the heap grows; views of
 * it do not, so none is kept.
 */
export class Workspace {
  readonly kernels: Kernels;
  /** True if the kernels use FMA. */
  readonly relaxed: boolean;
  /** Threads that the kernels run on. */
  readonly threads: number;
  readonly backend: WasmBackend;
  readonly #pool: Threads;
  readonly #set: number;
  readonly #product: Product | undefined;
  #attentionWork = { bytes: 0, at: 0 };

  constructor({ backend, pool }: Heap, { relaxed, threads, product }: WorkspaceOptions) {
    this.backend = backend;
    this.#pool = pool;
    this.#set = relaxed ? pool.sets.length - 1 : 0;
    this.#product = product;
    this.relaxed = this.#set > 0;
    this.kernels = pool.sets[this.#set] as unknown as Kernels;
    this.threads = isShared(backend.wasm.asm.memory) ? pool.grow(threads) : 1;
  }

  /** How the kernels multiply and add, in words. */
  get fma(): string {
    return this.relaxed ? 'relaxed SIMD' : 'no FMA';
  }

  /**
   * Runs a kernel on `total` items of `size` floats each, in parts; `part` gives the arguments of one. Parts begin at multiples
   * of 16 items. With `scratch` the arguments end with a scratch of the thread.
   */
  split(kernel: keyof (Kernels & NoiseKernels), total: number, size: number, part: PartOf, scratch = false) {
    const most = total * size < WORTH_SPLITTING ? 1 : this.threads;
    const calls = ranges(total, most, size === 1 ? 16 : 1).map((range) => part(...range));
    if (calls.length > 0) this.#run(kernel, calls, scratch);
  }

  /** Sum of what a kernel returns for parts of `size` items: parts, and so the order of the sum, are the same everywhere. */
  sum(kernel: keyof Kernels, total: number, size: number, part: PartOf): number {
    let sum = 0;
    for (const ranges of chunks(rangesOf(total, size), 64)) {
      const calls = ranges.map((range) => part(...range));
      for (const value of this.#run(kernel, calls)) sum += value;
    }
    return sum;
  }

  #run(kernel: keyof (Kernels & NoiseKernels), calls: readonly (readonly number[])[], scratch = false) {
    return this.#pool.run({ set: this.#set, kernel, threads: this.threads, scratch }, calls);
  }

  /** Where a tensor's data begin. */
  at(tensor: TensorInfo | Tensor): number {
    return pointer(this.backend, tensor);
  }

  /** Where int32 data begin; TF.js hands float ids over without a word. */
  atIds(ids: Tensor, limit: number, what: string): number {
    if (ids.dtype !== 'int32') throw new EngineError(`${what} must be an int32 tensor, got ${ids.dtype}.`);
    const at = this.at(ids);
    const bad = this.kernels.firstOutside(at, ids.size, limit);
    if (bad >= 0)
      throw new EngineError(
        `${what} must lie from 0 to ${limit - 1}, got ${ids.dataSync()[bad]} at index ${bad}. ` +
          `Check that the tokenizer belongs to the model.`,
      );
    return at;
  }

  /** A new tensor with whatever the heap held there; to be written whole. */
  empty<T extends Tensor = Tensor>(shape: readonly number[], dtype: DataType = 'float32'): T {
    const info = this.backend.makeOutput([...shape], dtype);
    return tf.engine().makeTensorFromTensorInfo(info, this.backend) as T;
  }

  /** c [m, n] = a b (+ c), rows of each `lda`, `ldb`, `ldc` floats apart; a or b stored transposed if asked. */
  gemm(a: Operand, b: Operand, c: Result, [m, n, k]: readonly [m: number, n: number, k: number]): void {
    if (this.#multiplied(a, b, c, [m, n, k])) return;
    const flags = [a.transposed, b.transposed, c.accumulate].map((flag) => Number(flag ?? false));
    const most = m * n * k < PRODUCT_WORTH_SPLITTING ? 1 : this.threads;
    // Every part packs the operand that is not split anew: the longer side is split.
    const rows = m >= n;
    const calls = ranges(rows ? m : n, most, 8).map(([first, count]) => {
      const atA = a.at + 4 * (rows ? first * (a.transposed ? 1 : a.stride) : 0);
      const atB = b.at + 4 * (rows ? 0 : first * (b.transposed ? b.stride : 1));
      const atC = c.at + 4 * first * (rows ? c.stride : 1);
      const size = rows ? [count, n, k] : [m, count, k];
      return [atA, a.stride, atB, b.stride, atC, c.stride, ...size, ...flags];
    });
    if (calls.length > 0) this.#run('gemm', calls, true);
  }

  /** Leaves a product to the faster one where it can do it: large, of contiguous matrices, and not added to anything. */
  #multiplied(
    a: Operand,
    b: Operand,
    c: Result,
    [m, n, k]: readonly [m: number, n: number, k: number],
  ): boolean {
    const transposed = [a.transposed ?? false, b.transposed ?? false] as const;
    const contiguous = a.stride === (transposed[0] ? m : k) && b.stride === (transposed[1] ? k : n) && c.stride === n; // prettier-ignore
    if (!this.#product || !contiguous || c.accumulate || m * n * k < PRODUCT_WORTH_SPLITTING) return false;
    const { buffer } = this.backend.wasm.asm.memory;
    const left = { data: new Float32Array(buffer, a.at, m * k), transposed: transposed[0] };
    const right = { data: new Float32Array(buffer, b.at, k * n), transposed: transposed[1] };
    this.#product.multiply(left, right, new Float32Array(buffer, c.at, m * n), [m, n, k]);
    return true;
  }

  /** Scratch of the attention kernels for each part of the rows, for sequences of `length`; grows and is kept. */
  attentionScratch(length: number): (part: number) => number {
    const { wasm } = this.backend;
    const one = 4 * this.kernels.attentionScratch(length) + this.kernels.gemmScratch();
    const bytes = one * this.threads;
    if (bytes > this.#attentionWork.bytes) {
      if (this.#attentionWork.at) wasm._free(this.#attentionWork.at);
      this.#attentionWork = { bytes: 0, at: 0 };
      this.#attentionWork = { bytes, at: wasm._malloc(bytes) };
    }
    const { at } = this.#attentionWork;
    return (part) => at + part * one;
  }
}

function* chunks(parts: readonly Range[], size: number): Generator<readonly Range[]> {
  for (let i = 0; i < parts.length; i += size) yield parts.slice(i, i + size);
}
