import type { TensorInfo } from '@tensorflow/tfjs';
import { tf } from '../../tf.ts';
import type { WasmBackend } from '../heap.ts';

/** Stock: UnsortedSegmentSum, the gradient of gather, is missing. Here: a loop over the heap. */
export function addSegmentSum(): void {
  if (tf.getKernel('UnsortedSegmentSum', 'wasm')) return;
  tf.registerKernel({
    kernelName: 'UnsortedSegmentSum',
    backendName: 'wasm',
    kernelFunc: ({ inputs, backend: anyBackend, attrs }): TensorInfo => {
      const backend = anyBackend as WasmBackend;
      const x = inputs.x!;
      const segmentIds = inputs.segmentIds!;
      const segments = attrs!.numSegments as number;
      const rowShape = x.shape.slice(segmentIds.shape.length);
      const row = rowShape.reduce((size, n) => size * n, 1);
      const out = backend.makeOutput([segments, ...rowShape], x.dtype);
      const from = backend.typedArrayFromHeap(x);
      const to = backend.typedArrayFromHeap(out).fill(0);
      backend.typedArrayFromHeap(segmentIds).forEach((segment, index) => {
        if (segment < 0 || segment >= segments) return;
        for (let j = 0; j < row; j++) to[segment * row + j]! += from[index * row + j]!;
      });
      return out;
    },
  });
}
