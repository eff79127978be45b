import type { DataType, KernelBackend, Tensor, TensorInfo } from '@tensorflow/tfjs';
import { tf } from '../tf.ts';

/** The parts of TF.js's wasm backend that the mends and kernels use. */
export interface WasmBackend extends KernelBackend {
  wasm: {
    HEAPU8: Uint8Array;
    asm: { memory: WebAssembly.Memory };
    _malloc(bytes: number): number;
    _free(pointer: number): void;
  };
  dataIdMap: {
    get(id: object): { id: number; memoryOffset: number } | undefined;
    delete(id: object): boolean;
  };
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  typedArrayFromHeap(info: TensorInfo): Float32Array | Int32Array | Uint8Array;
  incRef(id: object): void;
  disposeData(id: object): boolean;
}

/** The wasm backend; it must have been initialised. */
export function wasmBackend(): WasmBackend {
  return tf.engine().findBackend('wasm') as WasmBackend;
}

/** Byte offset of a tensor's data: fixed for its life, for the heap grows in place. */
export function pointer(backend: WasmBackend, tensor: TensorInfo | Tensor): number {
  return backend.dataIdMap.get(tensor.dataId)!.memoryOffset;
}
