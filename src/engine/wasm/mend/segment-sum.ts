import type { TensorInfo } from '@tensorflow/tfjs';
import { tf } from '../../tf.ts';
import type { Workspace } from '../workspace.ts';

/** Stock: UnsortedSegmentSum, the gradient of gather, is missing. */
export function addSegmentSum(workspace: Workspace): void {
  const { backend, kernels } = workspace;
  const at = (info: TensorInfo) => workspace.at(info);
  if (tf.getKernel('UnsortedSegmentSum', 'wasm')) return;
  tf.registerKernel({
    kernelName: 'UnsortedSegmentSum',
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs }): TensorInfo => {
      const x = inputs.x!;
      const ids = inputs.segmentIds!;
      const segments = attrs!.numSegments as number;
      if (x.dtype !== 'float32') throw new Error(`UnsortedSegmentSum takes float32 on wasm, got ${x.dtype}`);
      const size = (shape: number[]) => shape.reduce((product, n) => product * n, 1);
      const rowShape = x.shape.slice(ids.shape.length);
      const out = backend.makeOutput([segments, ...rowShape], 'float32');
      kernels.zero(at(out), segments * size(rowShape));
      kernels.scatterRows(at(x), at(ids), at(out), size(ids.shape), size(rowShape), segments, -1);
      return out;
    },
  });
}
