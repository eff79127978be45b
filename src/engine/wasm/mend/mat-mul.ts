import type { TensorInfo } from '@tensorflow/tfjs';
import { tf } from '../../tf.ts';
import type { Workspace } from '../workspace.ts';

type Kernel = (call: unknown) => TensorInfo;

/**
 * Stock: transposed or batched products run in a naive loop, and the others in XNNPACK, which keeps a packed copy of
 * every right-hand operand. Here: float32 products of equal batches run in our own product. Shapes are checked here, as TF.js leaves that
 * to its kernels.
 */
export function mendMatMul(current: () => Workspace): void {
  const config = tf.getKernel('BatchMatMul', 'wasm');
  const stock = config.kernelFunc as Kernel;
  config.kernelFunc = (call): TensorInfo => {
    const a = call.inputs.a!;
    const b = call.inputs.b!;
    const { transposeA, transposeB } = call.attrs as { transposeA: boolean; transposeB: boolean };
    const batch = a.shape.slice(0, -2);
    if (a.dtype !== 'float32' || b.dtype !== 'float32' || batch.join() !== b.shape.slice(0, -2).join())
      return stock(call);
    const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
    const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
    const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
    const [inner, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
    if (k !== inner) {
      throw new Error(
        `matMul of [${a.shape.join(', ')}] and [${b.shape.join(', ')}]: inner sizes ${k} and ${inner} differ`,
      );
    }
    const workspace = current();
    const out = workspace.backend.makeOutput([...batch, m, n], 'float32');
    const [atA, atB, atOut] = [workspace.at(a), workspace.at(b), workspace.at(out)];
    const batches = batch.reduce((size, count) => size * count, 1);
    try {
      for (let i = 0; i < batches; i++)
        workspace.gemm(
          { at: atA + 4 * i * m * k, stride: columnsA, transposed: transposeA },
          { at: atB + 4 * i * n * k, stride: columnsB, transposed: transposeB },
          { at: atOut + 4 * i * m * n, stride: n },
          [m, n, k],
        );
      return out;
    } catch (error) {
      workspace.backend.disposeData(out.dataId); // TF.js does not know of it yet
      throw error;
    }
  };
}
