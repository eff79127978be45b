import type { TensorInfo } from '@tensorflow/tfjs';
import { tf } from '../../tf.ts';

/** Stock: a negative axis, which TF.js allows, writes outside the output and corrupts the heap. */
export function mendCumsum(): void {
  const config = tf.getKernel('Cumsum', 'wasm');
  const stock = config.kernelFunc as (call: unknown) => TensorInfo;
  config.kernelFunc = (call): TensorInfo => {
    const attrs = call.attrs as { axis: number };
    const axis = attrs.axis < 0 ? attrs.axis + call.inputs.x!.shape.length : attrs.axis;
    return stock({ ...call, attrs: { ...attrs, axis } });
  };
}
