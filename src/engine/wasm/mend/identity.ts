import type { TensorInfo } from '@tensorflow/tfjs';
import { tf } from '../../tf.ts';
import type { WasmBackend } from '../heap.ts';

/** Stock: `clone` copies the data, and so does every `save` of a gradient. Here: it shares them, as on the cpu backend. */
export function shareIdentity(): void {
  tf.getKernel('Identity', 'wasm').kernelFunc = ({ inputs, backend }): TensorInfo => {
    const { dataId, shape, dtype } = inputs.x!;
    (backend as WasmBackend).incRef(dataId);
    return { dataId, shape, dtype };
  };
}
