import type { TensorInfo } from '@tensorflow/tfjs';
import { tf } from '../../tf.ts';

/**
 * Stock: any transposed or batched product runs in a naive loop. Here: transposed operands are transposed first and
 * batches are taken one by one, so that all products reach XNNPACK.
 */
export function mendMatMul(): void {
  const config = tf.getKernel('BatchMatMul', 'wasm');
  const stock = config.kernelFunc as (call: unknown) => TensorInfo;
  const kernel = (name: string) => tf.getKernel(name, 'wasm').kernelFunc as (call: unknown) => TensorInfo;
  config.kernelFunc = ({ inputs, backend, attrs }): TensorInfo => {
    const temporary: TensorInfo[] = [];
    const keepTrack = (info: TensorInfo): TensorInfo => (temporary.push(info), info);
    const transposed = (x: TensorInfo): TensorInfo => {
      const perm = x.shape.map((_, axis) => axis);
      perm.push(...perm.splice(-2).reverse());
      return keepTrack(kernel('Transpose')({ inputs: { x }, backend, attrs: { perm } }));
    };
    const a = attrs!.transposeA ? transposed(inputs.a!) : inputs.a!;
    const b = attrs!.transposeB ? transposed(inputs.b!) : inputs.b!;
    const flags = { transposeA: false, transposeB: false };
    const batchA = a.shape.slice(0, -2);
    const batches = batchA.reduce((size, n) => size * n, 1);
    let out: TensorInfo;
    if (batches === 1 || batchA.join() !== b.shape.slice(0, -2).join()) {
      out = stock({ inputs: { a, b }, backend, attrs: flags });
    } else {
      const [m, k, n] = [a.shape.at(-2)!, a.shape.at(-1)!, b.shape.at(-1)!];
      const part = (x: TensorInfo, rows: number, columns: number, index: number): TensorInfo => {
        const whole = { ...x, shape: [batches, rows, columns] };
        const attrsOfSlice = { begin: [index, 0, 0], size: [1, rows, columns] };
        return keepTrack(kernel('Slice')({ inputs: { x: whole }, backend, attrs: attrsOfSlice }));
      };
      const products = batchA.length
        ? Array.from({ length: batches }, (_, i) =>
            keepTrack(stock({ inputs: { a: part(a, m, k, i), b: part(b, k, n, i) }, backend, attrs: flags })),
          )
        : [];
      out = kernel('Concat')({ inputs: products, backend, attrs: { axis: 0 } });
      out = { ...out, shape: [...batchA, m, n] };
    }
    for (const info of temporary) (backend as { disposeData(id: object): boolean }).disposeData(info.dataId);
    return out;
  };
}
