import type { DataType, KernelBackend, TensorInfo } from '@tensorflow/tfjs';
import { tf } from '../tf.ts';

/** A compiled program; opaque. */
export type Pipeline = object;

export type Uniform = { type: 'int32' | 'uint32' | 'float32'; data: number[] };

/** The parts of TF.js's WebGPU backend that our programs use; its version is pinned (recipe.ts). */
export interface WebgpuBackend extends KernelBackend {
  device: {
    limits: { maxComputeWorkgroupsPerDimension: number };
    lost: Promise<{ message: string }>;
    createShaderModule(descriptor: { label: string; code: string }): object;
    createComputePipeline(descriptor: {
      label: string;
      layout: 'auto';
      compute: { module: object; entryPoint: string };
    }): Pipeline;
    pushErrorScope(filter: 'validation' | 'out-of-memory' | 'internal'): void;
    popErrorScope(): Promise<{ message: string } | null>;
  };
  bufferManager: { numBytesAllocated: number };
  /** `dtype` is that of the buffer: a cast that loses nothing leaves it as it was. */
  tensorMap: { get(id: object): { dtype: DataType } };
  pipelineCache: Record<string, Pipeline | undefined>;
  makeTensorInfo(shape: number[], dtype: DataType, values?: Float32Array): TensorInfo;
  /** Gives the tensor a buffer on the card, with its values if it has any on the host. */
  uploadToGPU(id: object): void;
  /** Binds `output`, then `inputs`, then NaN, infinity, each one's shape and strides, and `uniforms`. */
  recordAndSubmit(
    program: { pipeline: Pipeline; dispatch: [number, number, number] },
    output: TensorInfo,
    inputs: TensorInfo[],
    uniforms: Uniform[],
  ): void;
  submitQueue(): void;
  read(id: object): Promise<Float32Array>;
}

/** The webgpu backend; it must have been started. */
export function webgpuBackend(): WebgpuBackend {
  return tf.engine().findBackend('webgpu') as WebgpuBackend;
}
