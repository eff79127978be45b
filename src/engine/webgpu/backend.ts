import type { DataType, KernelBackend, Tensor, TensorInfo } from '@tensorflow/tfjs';
import { tf } from '../tf.ts';

/** A WGSL program as TF.js's WebGPU backend runs it. */
export interface Program {
  /** Names under which the code sees its inputs, each a flat array. */
  variableNames: string[];
  outputShape: number[];
  /** Declarations of what `runProgram` is given beside the inputs. */
  uniforms: string;
  workgroupSize: [number, number, number];
  dispatchLayout: { x: number[] };
  dispatch: [number, number, number];
  /** True: the code can ask for `uniforms.size`, the number of results. */
  size: boolean;
  /** Tells programs apart; one is compiled for each key and ranks of its inputs. */
  shaderKey: string;
  getUserCode(): string;
}

export type Uniform = { type: 'int32' | 'uint32' | 'float32'; data: number[] };

/** The parts of the backend that our programs use. */
export interface WebgpuBackend extends KernelBackend {
  device: {
    limits: { maxComputeWorkgroupsPerDimension: number };
    lost: Promise<{ message: string }>;
    pushErrorScope(filter: 'validation' | 'out-of-memory' | 'internal'): void;
    popErrorScope(): Promise<{ message: string } | null>;
  };
  bufferManager: { numBytesAllocated: number };
  submitQueue(): void;
  read(id: object): Promise<Float32Array>;
  runWebGPUProgram(program: Program, inputs: TensorInfo[], dtype: DataType, uniforms: Uniform[]): TensorInfo;
}

/** The webgpu backend; it must have been started. */
export function webgpuBackend(): WebgpuBackend {
  return tf.engine().findBackend('webgpu') as WebgpuBackend;
}

/** Threads of a workgroup of our programs. */
export const GROUP = 64;

/** Runs `program` with one workgroup for every `perGroup` of `work` items; the result is a new tensor. */
export function runProgram<T extends Tensor>(
  program: Omit<Program, 'workgroupSize' | 'dispatchLayout' | 'dispatch' | 'size'>,
  inputs: readonly Tensor[],
  uniforms: Uniform[],
  { work, perGroup }: { work: number; perGroup: number },
): T {
  const backend = webgpuBackend();
  const whole: Program = {
    ...program,
    workgroupSize: [GROUP, 1, 1],
    dispatchLayout: { x: [0] },
    dispatch: [Math.ceil(work / perGroup), 1, 1],
    size: true,
  };
  const info = backend.runWebGPUProgram(whole, [...inputs], 'float32', uniforms);
  return tf.engine().makeTensorFromTensorInfo(info, backend) as T;
}
