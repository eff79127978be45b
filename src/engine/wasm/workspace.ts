import type { DataType, Tensor, TensorInfo } from '@tensorflow/tfjs';
import { EngineError } from '../../errors.ts';
import { tf } from '../tf.ts';
import { pointer, type WasmBackend } from './heap.ts';
import { type Kernels, loadKernels, loadNoiseKernels, type NoiseKernels } from './modules.ts';

/**
 * Our kernels on the heap of TF.js: they read and write the data of tensors in place of a copy. Pointers stay valid
 * while the heap grows; views of it do not, so none is kept.
 */
export class Workspace {
  readonly kernels: Kernels;
  readonly noise: NoiseKernels['noise'];
  /** True if the kernels use FMA. */
  readonly relaxed: boolean;
  /** Scratch of gemm; its first bytes also serve the noise. */
  private readonly gemmScratch: number;
  private attentionWork = { floats: 0, at: 0 };

  constructor(
    readonly backend: WasmBackend,
    allowRelaxed = true,
  ) {
    const { memory } = backend.wasm.asm;
    const { kernels, relaxed } = loadKernels(memory, allowRelaxed);
    this.kernels = kernels;
    this.relaxed = relaxed;
    const noise = loadNoiseKernels(memory);
    this.noise = (...args) => noise.noise(...args);
    this.gemmScratch = backend.wasm._malloc(kernels.gemmScratch());
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
  gemm(
    a: { at: number; stride: number; transposed?: boolean },
    b: { at: number; stride: number; transposed?: boolean },
    c: { at: number; stride: number; accumulate?: boolean },
    [m, n, k]: readonly [m: number, n: number, k: number],
  ): void {
    const flags = [
      Number(a.transposed ?? false),
      Number(b.transposed ?? false),
      Number(c.accumulate ?? false),
    ];
    this.kernels.gemm(a.at, a.stride, b.at, b.stride, c.at, c.stride, m, n, k, ...flags, this.gemmScratch);
  }

  /** Scratch of the noise kernel. */
  get noiseScratch(): number {
    return this.gemmScratch;
  }

  /** Scratch of the attention kernels for sequences of `length`; grows and is kept. */
  attentionScratch(length: number): number {
    const floats = this.kernels.attentionScratch(length);
    if (floats > this.attentionWork.floats) {
      const { wasm } = this.backend;
      if (this.attentionWork.at) wasm._free(this.attentionWork.at);
      this.attentionWork = { floats: 0, at: 0 };
      this.attentionWork = { floats, at: wasm._malloc(4 * floats + this.kernels.gemmScratch()) };
    }
    return this.attentionWork.at;
  }
}
