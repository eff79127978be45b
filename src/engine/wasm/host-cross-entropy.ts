import type { CrossEntropies } from '../ops/head-loss.ts';
import { compileKernels, instantiate, type Kernels } from './modules.ts';

const PAGE = 65_536;
/** Logits that are on the kernels' memory at a time, in bytes; at least one row. */
const CHUNK = 2 ** 20;

/** The cross-entropy kernel on a memory of its own, for engines whose tensors are elsewhere; several times as fast as JavaScript. */
export function hostCrossEntropy(): CrossEntropies {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: PAGE });
  const kernels = instantiate<Kernels>(compileKernels(memory, true).kernels, memory);
  return (logits, targets, vocabulary, gradient) => {
    const losses = new Float32Array(targets.length);
    const rowBytes = 4 * vocabulary;
    const most = Math.min(targets.length, Math.max(1, Math.floor(CHUNK / rowBytes)));
    // The kernels' own data come first.
    const [atTargets, atLosses, atLogits] = [PAGE, PAGE + 4 * most, PAGE + 8 * most];
    const missing = atLogits + most * rowBytes - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
    for (let first = 0; first < targets.length; first += most) {
      const rows = Math.min(most, targets.length - first);
      const part = logits.subarray(first * vocabulary, (first + rows) * vocabulary);
      const there = new Float32Array(memory.buffer, atLogits, part.length);
      there.set(part);
      new Int32Array(memory.buffer, atTargets, rows).set(targets.subarray(first, first + rows));
      const scale = gradient ? 1 / targets.length : 0;
      kernels.crossEntropy(atLogits, atTargets, atLosses, rows, vocabulary, scale);
      losses.set(new Float32Array(memory.buffer, atLosses, rows), first);
      if (gradient) part.set(there);
    }
    return losses;
  };
}
